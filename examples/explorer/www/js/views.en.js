// The texts of the views.

export default {
  'from.zeros.about': '0: padding filled with zeros',
  'from.reflect.about': 'R: padding reads the cell mirrored at the edge',
  'from.replicate.about': 'E: padding reads the nearest cell of the edge',
  'from.circular.about': 'W: padding wraps around to the opposite side',
  'from.skipped.about': '–: padding that a maximum skips',

  'maps.about':
    'Each output cell is made from a window of the input: {taps} taps, the cells that it reads. From one output cell to the next the window moves by {stride} (stride).',
  'maps.about.dilated':
    'Each output cell is made from a window of the input: {taps} taps, the cells that it reads, {dilation} apart (dilation) and so spread over {span} cells. From one output cell to the next the window moves by {stride} (stride).',
  'maps.about.relu': 'Each output cell is max(0, x) of the input cell at the same place.',
  'maps.picture': 'Input {shape}: the picture',
  'maps.input': 'Input {shape}',
  'maps.output': 'Output {shape}, channel {channel}',
  'maps.selected': 'The cell selected, and its value: explained below',
  'maps.input.label':
    'Input, {shape}. The arrow keys move a cell, whose outputs are told below; Enter selects the output above it, Escape lets go.',
  'maps.output.label': 'Output, {shape}, channel {channel}. The arrow keys select the cell that is explained.',
  'maps.colours': 'in colour',
  'maps.channel': 'channel {channel}',
  'maps.channel.label': 'Input channel shown',
  'maps.scale': 'Colours by absolute value, up to the largest in this map',
  'maps.overhang': '×: ceil_mode lets the last windows hang over (rows: {rows}, columns: {columns}); nothing is read there',
  'maps.unvisited':
    'the last cells are read by no window (rows: {rows}, columns: {columns}), because the size is rounded down',
  'reach.title.Conv2d': 'Which weights see this input cell?',
  'reach.title.MaxPool2d': 'Which outputs see this input cell?',
  'reach.title.AvgPool2d': 'Which outputs see this input cell?',
  'reach.title.ReLU': 'What becomes of this input cell?',
  'reach.none.Conv2d':
    'Point at a cell of the input: the outputs that read it light up, each with its weight. A click or tap holds the cell.',
  'reach.none.MaxPool2d':
    'Point at a cell of the input: the outputs whose windows hold it light up, each with the gradient that it sends back, 1 where the cell is the maximum. A click or tap holds the cell.',
  'reach.none.AvgPool2d':
    'Point at a cell of the input: the outputs whose windows hold it light up, each with the gradient that it sends back, 1 / divisor. A click or tap holds the cell.',
  'reach.none.ReLU':
    'Point at a cell of the input: its output lights up, with the gradient that it sends back. A click or tap holds the cell.',

  'reach.cell': 'Input cell ({y}, {x})',
  'reach.cell.channel': 'Input cell ({y}, {x}) of channel {channel}',
  'reach.Conv2d.many':
    '{cell} is seen by {count} cells of output channel {channel}, through {names}. The gradient of the channel’s sum that flows to it is {gradient}: the sum of these weights.',
  'reach.Conv2d.one':
    '{cell} is seen by one cell of output channel {channel}, through {names}. The gradient of the channel’s sum that flows to it is {gradient}.',
  'reach.MaxPool2d.many':
    '{cell} lies in the windows of {count} output cells, and is the maximum of {won}. Gradient flows only from those: {gradient}.',
  'reach.MaxPool2d.one':
    '{cell} lies in the window of one output cell. Gradient flows to it only where it is the maximum: {gradient}.',
  'reach.AvgPool2d.many':
    '{cell} lies in the windows of {count} output cells. Each gives it 1 / divisor as gradient: together {gradient}.',
  'reach.AvgPool2d.one':
    '{cell} lies in the window of one output cell, which gives it 1 / divisor as gradient: {gradient}.',
  'reach.relu.passed': '{cell} is above 0: the gradient flows through, 1.',
  'reach.relu.stopped': '{cell} is not above 0: no gradient flows to it.',
  'reach.copied': 'Padding copies it, so that some outputs read it more than once: {reads} times in all.',
  'reach.all': 'all {count} weights',
  'reach.nothing': '{cell} is read by no cell of output channel {channel}: its gradient is 0.',
  'reach.copy': "Place ({y}, {x}) is padding: padding_mode='{mode}' reads input cell ({to_y}, {to_x}) there.",
  'reach.zeros': 'Place ({y}, {x}) is padding: a zero.',
  'reach.skipped': 'Place ({y}, {x}) is padding: a maximum skips it.',
  'reach.beyond':
    'Place ({y}, {x}) lies outside the input: ceil_mode lets a window hang over the edge, and nothing is read there.',
  'reach.kernel': 'The kernel; lit: {names}',
  'reach.list': 'All of them, one by one',
  'reach.output': 'output cell',
  'reach.tap': 'tap [ky, kx]',
  'reach.weight': 'weight',
  'reach.gradient': 'gradient',
  'reach.unpin': 'Let go of {place}',

  'play.title': 'Slide the window',
  'play.start': 'Play',
  'play.pause': 'Pause',
  'play.back': 'Back',
  'play.next': 'Next',
  'play.stop': 'Whole map',
  'play.start.about': 'Slides the window over the whole output',
  'play.pause.about': 'Holds the window where it is',
  'play.back.about': 'One cell back',
  'play.next.about': 'One cell on',
  'play.stop.about': 'Stops, and shows the whole map',
  'play.veil': 'Output cells whose turn comes later are covered. “Whole map” uncovers them.',
  'play.speed': 'Speed: {count} cells a second',
  'play.position': 'Output cell',

  'field.title': 'Receptive field in the picture',
  'field.about': 'The receptive field of an output cell of this layer spans {span} pixels of the picture.',
  'field.next': 'The field of the cell beside it lies {down} px further.',
  'field.next.apart': 'The field of the cell below lies {down} px further, that of the cell to the right {right} px.',
  'field.whole': 'Output cell {cell} depends on {spread} = {count} pixels of the picture.',
  'field.spread': 'Output cell {cell} depends on {count} pixels of the picture, spread over {spread}.',
  'field.none': 'Output cell {cell} depends on no pixel of the picture: its window lies over padding alone.',
  'field.cut': 'Its receptive field is {span} pixels, of which only {inside} lie in the picture; the rest is padding.',
  'field.cut.far':
    'Its receptive field is {span} pixels, of which only {inside} lie in the picture; the rest is padding, which reads pixels elsewhere.',
  'field.near': 'The pixels around the receptive field, enlarged',

  'thumbs.title': 'All channels',
  'thumbs.picture': 'Picture',
  'thumbs.channel': '{type}, channel {channel}',

  'cell.none': 'Select a cell of the output: here it is explained where its number comes from.',
  'cell.stale': 'This layer is not in order yet, so there is no cell to explain.',
  'cell.where': 'Output cell ({y}, {x}) of channel {channel}:',
  'cell.conv': 'It is the sum of {count} products, value times weight.',
  'cell.conv.bias': 'It is the sum of {count} products, value times weight, and of the bias.',
  'cell.relu': 'It is max(0, {value}).',
  'cell.maximum': 'It is the largest value of the window: tap {tap}, input cell ({y}, {x}). return_indices gives {index}.',
  'cell.maximum.ties':
    'It is the largest value of the window, which {ties} taps hold; the first wins, as in PyTorch: tap {tap}, input cell ({y}, {x}). return_indices gives {index}.',
  'cell.maximum.none': 'No tap of this window lies in the input.',
  'cell.average.override': 'It is the sum divided by {divisor}, because divisor_override says so.',
  'cell.average.plain': 'It is the sum divided by {divisor}: the window has {taps} taps, and all lie in the input.',
  'cell.average.beyond':
    'It is the sum divided by {divisor}: the window has {taps} taps, {beyond} of them hang over the edge (ceil_mode) and never count.',
  'cell.average.padded':
    'It is the sum divided by {divisor}: the window has {taps} taps, {over} of them lie over padding, and count_include_pad=True counts those too, as zeros.',
  'cell.average.padded.beyond':
    'It is the sum divided by {divisor}: the window has {taps} taps, {beyond} of them hang over beyond the padding (ceil_mode) and never count. Of the other {padded}, {over} lie over padding, and count_include_pad=True counts those too, as zeros.',
  'cell.average.inside':
    'It is the sum divided by {divisor}: the window has {taps} taps, {over} of them lie over padding, and count_include_pad=False counts only the {inside} inside the input.',
  'cell.average.inside.beyond':
    'It is the sum divided by {divisor}: the window has {taps} taps, {over} of them lie over padding and {beyond} hang over beyond it (ceil_mode), and count_include_pad=False counts only the {inside} inside the input.',
  'cell.dilation': 'With dilation {dilation}, the {taps} taps are spread over {span} cells; those between are not read.',
  'cell.over.zeros.one': "One tap lies over the padding, where padding_mode='zeros' has a zero: it adds nothing.",
  'cell.over.zeros.many': "{count} taps lie over the padding, where padding_mode='zeros' has zeros: they add nothing.",
  'cell.over.reflect.one':
    "One tap lies over the padding, where padding_mode='reflect' reads the cell mirrored at the edge: the line leads to it.",
  'cell.over.reflect.many':
    "{count} taps lie over the padding, where padding_mode='reflect' reads the cells mirrored at the edge: the lines lead to them. So these cells count again, instead of zeros.",
  'cell.over.replicate.one':
    "One tap lies over the padding, where padding_mode='replicate' reads the nearest cell of the edge: the line leads to it.",
  'cell.over.replicate.many':
    "{count} taps lie over the padding, where padding_mode='replicate' reads the nearest cells of the edge: the lines lead to them.",
  'cell.over.circular.one':
    "One tap lies over the padding, where padding_mode='circular' goes on at the opposite side: the line leads there.",
  'cell.over.circular.many':
    "{count} taps lie over the padding, where padding_mode='circular' goes on at the opposite side: the lines lead there.",
  'cell.over.skipped.one': 'One tap lies over the padding; a maximum skips it.',
  'cell.over.skipped.many': '{count} taps lie over the padding; a maximum skips them.',
  'cell.over.beyond': 'Taps that hang over the edge because of ceil_mode, and are never read: {count}.',
  'cell.channel': 'Input channel',
  'cell.rounded': 'Numbers are rounded to fit here; the table has more digits.',
  'cell.drawing': 'The window over input channel {channel}, with the numbers that the table below has too',
  'cell.tap': 'tap [ky, kx]',
  'cell.place': 'place (y, x)',
  'cell.from': 'read from',
  'cell.value': 'value',
  'cell.weight': 'weight',
  'cell.product': 'product',
  'cell.from.input': 'input',
  'cell.from.zeros': 'zero',
  'cell.from.skipped': 'skipped',
  'cell.from.beyond': 'outside the input',
  'cell.channel.sum': 'Input channel {channel}: {count} products, together {sum}',
  'cell.channel.taps': 'Input channel {channel}: {count} taps',
  'cell.products': 'sum of the products ({count})',
  'cell.values': 'sum of the values inside ({count})',
  'cell.divisor': 'divisor',
  'cell.result': 'output cell',
  'cell.device': 'the device has, in f32',
  'cell.step': 'step',
  'cell.number': 'number',
  'cell.compared': 'the same cell with',
  'cell.impossible': 'impossible here',

  'numbers.what': 'of this layer',
  'numbers.how': 'by the formula',
  'numbers.layer': 'layer',
  'numbers.shape': 'shape',
  'numbers.size': 'output size',
  'numbers.height': 'height',
  'numbers.width': 'width',
  'numbers.dropped':
    'One window less than the formula gives: the last would begin after the input, over padding or beyond, and PyTorch drops such a window.',
  'numbers.weights': 'weights',
  'numbers.weights.none': 'none: this layer learns nothing',
  'numbers.dense': 'weights if it were dense',
  'numbers.ratio': '{ratio} times as many',
  'numbers.operations': 'multiply-adds',
  'numbers.field': 'receptive field',
  'numbers.jump': 'jump after the layer',
  'numbers.field.about':
    'The receptive field is the span from the first pixel that a cell reads to the last; dilation leaves some between them unread. Each layer adds (kernel_size − 1)·dilation·jump to it. The jump is by how many pixels of the picture neighbouring cells are apart: this formula takes the one before the layer, which is 1 in the picture, and the layer multiplies it by its stride.',
  'numbers.chain': 'The whole chain',

  'measure.title': 'Time in this browser',
  'measure.about': 'The chain from the picture to its last output, with all tensors on the device: no transfers.',
  'measure.button': 'Measure on GPU and CPU',
  'measure.busy': 'Measuring …',
  'measure.device': 'device',
  'measure.name': 'name',
  'measure.time': 'median',
  'measure.ratio': 'The {fast} is {ratio} times as fast as the {slow}.',
  'measure.software': 'This GPU is a program on the CPU, so its time says nothing about real ones.',
  'measure.no_gpu': 'This browser gives the page no WebGPU.',
};
