// The programs that give the same numbers as the page.

/** @import {AvgPool2d, Conv2d, MaxPool2d, Pair, Result, Rows, Shape, Weight} from './types' */

/** @typedef {{weight(layer: Conv2d, in_channels: number): Weight}} Weights */
/** A layer with what reaches it. @typedef {{layer: Result['state']['layers'][number], input: Shape}} Step */

/** A program for PyTorch. @param {Result} result @param {Weights} engine */
export function python(result, engine) {
  const { state } = result;
  const { shrink, kind, grid } = state.picture;
  const lines = [];
  if (kind !== 'grid') lines.push('import numpy as np');
  lines.push('import torch');
  if (kind !== 'grid') lines.push(`from PIL import Image${kind === 'own' ? ', ImageOps' : ''}`);
  lines.push('from torch import nn', '');
  if (kind === 'grid') {
    lines.push('x = torch.tensor([[', ...numberRows(grid).map((row) => `    [${row}],`), ']])[None]');
  } else {
    lines.push(`picture = Image.open("${fileOf(kind)}")  # ${aboutFile(kind)}`);
    if (kind === 'own') {
      lines.push('picture = ImageOps.exif_transpose(picture).convert("RGBA")');
      lines.push('picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)');
    }
    lines.push('x = torch.from_numpy(np.array(picture.convert("RGB"))).permute(2, 0, 1)[None] / 255');
    if (state.picture.grey) lines.push('x = x.mean(dim=1, keepdim=True)');
    if (shrink > 1) lines.push(`x = nn.AvgPool2d(${shrink})(x)  # each pixel is the mean of ${shrink} x ${shrink}`);
  }

  const all = steps(result);
  lines.push(
    '',
    'layers = nn.Sequential(',
    ...all.map((step) => `    ${pythonLayer(step)},`),
    ')',
    'with torch.no_grad():',
  );
  all.forEach(({ layer, input }, index) => {
    if (layer.type !== 'Conv2d') return;
    const { shape, values } = engine.weight(layer, input[0]);
    const rows = split(values, shape[3]).map((row) => `        ${row.map(float).join(', ')},`);
    lines.push(`    layers[${index}].weight.copy_(torch.tensor([`, ...rows, `    ]).reshape(${shape.join(', ')}))`);
    const bias = biasOf(layer);
    if (bias) lines.push(`    layers[${index}].bias.copy_(torch.tensor([${bias.map(float).join(', ')}]))`);
  });
  lines.push('    outputs = [x]', '    for layer in layers:', '        outputs.append(layer(outputs[-1]))', '');
  lines.push('for output in outputs:', '    print(tuple(output.shape))');
  const at = cellOf(result);
  if (at) lines.push(`print(outputs[${at.index}][0, ${at.channel}, ${at.y}, ${at.x}].item())`);
  return `${lines.join('\n')}\n`;
}

/** A program for this crate. @param {Result} result @param {Weights} engine */
export function rust(result, engine) {
  const { kind, grid, grey, shrink } = result.state.picture;
  const all = steps(result);
  const body = ['let device = Device::new()?; // a hardware GPU, else the CPU'];
  if (kind === 'grid') {
    body.push('let picture: Array4<f32> = array![[[', ...numberRows(grid).map((row) => `    [${row}],`), ']]];');
  } else {
    body.push(`let picture = picture::load("${fileOf(kind)}")?; // ${aboutFile(kind)}`);
    if (grey) {
      body.push('let picture = picture.mean_axis(Axis(1)).ok_or("no channels")?.insert_axis(Axis(1));');
    }
  }
  body.push('let x = device.upload(&picture)?;');
  if (kind !== 'grid' && shrink > 1) {
    body.push(
      `let x = AvgPool2d::new([${shrink}, ${shrink}]).forward(&x)?; // each pixel is the mean of ${shrink} x ${shrink}`,
    );
  }
  body.push('let mut outputs = vec![x];', '');
  all.forEach(({ layer, input }, index) => body.push(...rustLayer(layer, input, index, engine), ''));
  body.push('for output in &outputs {', '    println!("{:?}", output.shape().dims());', '}');
  const at = cellOf(result);
  if (at)
    body.push(
      `let values = outputs[${at.index}].download()?;`,
      `println!("{}", values[[0, ${at.channel}, ${at.y}, ${at.x}]]);`,
    );
  body.push('Ok(())');

  const text = body.join('\n');
  const used = (/** @type {string[]} */ names, /** @type {RegExp} */ rest) =>
    names.filter((name) => new RegExp(`\\b${name}${rest.source}`).test(text)).join(', ');
  const items = used(
    ['Activation', 'AvgPool2d', 'Conv2d', 'Device', 'MaxPool2d', 'Padding', 'PaddingMode', 'picture'],
    /::/,
  );
  const arrays = used(['Array1', 'Array4', 'Axis', 'array'], /(::|<|\(|!)/);
  return [
    `// cargo add filtro${kind === 'grid' ? '' : ' --features image'} && cargo add ndarray`,
    `use filtro::${items.includes(',') ? `{${items}}` : items};`,
    ...(arrays ? [`use ndarray::${arrays.includes(',') ? `{${arrays}}` : arrays};`] : []),
    '',
    'fn main() -> Result<(), Box<dyn std::error::Error>> {',
    ...body.map((line) => (line === '' ? '' : `    ${line}`)),
    '}',
    '',
  ].join('\n');
}

/** @param {Step} step */
function pythonLayer({ layer, input }) {
  switch (layer.type) {
    case 'Conv2d': {
      const options = [input[0], layer.out_channels, pythonPair(layer.kernel_size)];
      const padding = typeof layer.padding === 'string' ? `"${layer.padding}"` : pythonPair(layer.padding);
      if (!is(layer.stride, 1)) options.push(`stride=${pythonPair(layer.stride)}`);
      if (padding !== '0') options.push(`padding=${padding}`);
      if (!is(layer.dilation, 1)) options.push(`dilation=${pythonPair(layer.dilation)}`);
      if (layer.groups !== 1) options.push(`groups=${layer.groups}`);
      if (layer.bias === null) options.push('bias=False');
      if (layer.padding_mode !== 'zeros') options.push(`padding_mode="${layer.padding_mode}"`);
      return `nn.Conv2d(${options.join(', ')})`;
    }
    case 'MaxPool2d':
    case 'AvgPool2d': {
      const options = [pythonPair(layer.kernel_size)];
      if (layer.stride) options.push(`stride=${pythonPair(layer.stride)}`);
      if (!is(layer.padding, 0)) options.push(`padding=${pythonPair(layer.padding)}`);
      if (layer.type === 'MaxPool2d' && !is(layer.dilation, 1)) options.push(`dilation=${pythonPair(layer.dilation)}`);
      if (layer.ceil_mode) options.push('ceil_mode=True');
      if (layer.type === 'AvgPool2d') {
        if (!layer.count_include_pad) options.push('count_include_pad=False');
        if (layer.divisor_override !== null) options.push(`divisor_override=${layer.divisor_override}`);
      }
      return `nn.${layer.type}(${options.join(', ')})`;
    }
    case 'ReLU':
      return 'nn.ReLU()';
  }
}

/** The lines that add a layer's output. @param {Step['layer']} layer @param {Shape} input @param {number} index
 * @param {Weights} engine */
function rustLayer(layer, input, index, engine) {
  const x = `&outputs[${index}]`;
  switch (layer.type) {
    case 'Conv2d': {
      const { shape, values } = engine.weight(layer, input[0]);
      const rows = split(values, shape[3]).map((row) => `    ${row.map(float).join(', ')},`);
      const bias = biasOf(layer);
      const sizes = [input[0], layer.out_channels, rustPair(layer.kernel_size)].join(', ');
      return [
        `let weight = Array4::from_shape_vec((${shape.join(', ')}), vec![`,
        ...rows,
        '])?;',
        ...(bias ? [`let bias = device.upload(&Array1::from(vec![${bias.map(float).join(', ')}]))?;`] : []),
        `let conv = Conv2d::new(${sizes})${rustConv2d(layer)};`,
        `outputs.push(conv.forward(${x}, &device.upload(&weight)?, ${bias ? 'Some(&bias)' : 'None'})?);`,
      ];
    }
    case 'MaxPool2d':
    case 'AvgPool2d':
      return [
        `let pool = ${layer.type}::new(${rustPair(layer.kernel_size)})${rustPooling(layer)};`,
        `outputs.push(pool.forward(${x})?);`,
      ];
    case 'ReLU':
      return [`outputs.push(Activation::Relu.forward(${x})?);`];
  }
}

/** @param {Conv2d} layer */
function rustConv2d({ stride, padding, dilation, groups, padding_mode }) {
  const mode = padding_mode[0].toUpperCase() + padding_mode.slice(1);
  return [
    is(stride, 1) ? '' : `.stride(${rustPair(stride)})`,
    padding === 'same' ? '.padding(Padding::Same)' : '',
    typeof padding === 'string' || is(padding, 0) ? '' : `.padding(${rustPair(padding)})`,
    is(dilation, 1) ? '' : `.dilation(${rustPair(dilation)})`,
    groups === 1 ? '' : `.groups(${groups})`,
    padding_mode === 'zeros' ? '' : `.padding_mode(PaddingMode::${mode})`,
  ].join('');
}

/** @param {MaxPool2d | AvgPool2d} layer */
function rustPooling(layer) {
  const options = [
    layer.stride ? `.stride(${rustPair(layer.stride)})` : '',
    is(layer.padding, 0) ? '' : `.padding(${rustPair(layer.padding)})`,
    layer.ceil_mode ? '.ceil_mode(true)' : '',
  ];
  if (layer.type === 'MaxPool2d') options.push(is(layer.dilation, 1) ? '' : `.dilation(${rustPair(layer.dilation)})`);
  else {
    options.push(layer.count_include_pad ? '' : '.count_include_pad(false)');
    options.push(layer.divisor_override === null ? '' : `.divisor_override(${layer.divisor_override})`);
  }
  return options.join('');
}

/** The layers that are in order. @param {Result} result @returns {Step[]} */
const steps = ({ state, checked }) =>
  checked.flatMap((found, index) => (found.ok ? [{ layer: state.layers[index], input: found.input }] : []));

/** The cell that is explained, if there is one. @param {Result} result */
function cellOf({ state: { at }, tensors }) {
  return at.cell && tensors[at.layer + 1] ? { index: at.layer + 1, ...at.cell } : null;
}

/** @param {Conv2d} layer */
const biasOf = ({ bias, out_channels }) => bias && Array.from({ length: out_channels }, (_, o) => bias[o] ?? 0);

/** @param {'cat' | 'own' | 'webcam'} kind */
const fileOf = (kind) => (kind === 'cat' ? 'cat.png' : 'picture.png');

/** @param {'cat' | 'own' | 'webcam'} kind */
const aboutFile = (kind) => (kind === 'cat' ? "the page's cat: examples/data/chelsea.png" : 'your picture');

/** @param {Pair} pair @param {number} value */
const is = ([height, width], value) => height === value && width === value;

/** @param {Pair} pair */
const pythonPair = ([height, width]) => (height === width ? String(height) : `(${height}, ${width})`);

/** @param {Pair} pair */
const rustPair = ([height, width]) => `[${height}, ${width}]`;

/** A floating point number. @param {number} value */
function float(value) {
  const text = String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

/** @param {Rows} rows */
const numberRows = (rows) => rows.map((row) => row.map(float).join(', '));

/** @param {number[]} values @param {number} length of a part */
const split = (values, length) =>
  Array.from({ length: values.length / length }, (_, index) => values.slice(index * length, (index + 1) * length));
