// Los textos de las vistas.

export default {
  'from.zeros.about': '0: relleno de ceros',
  'from.reflect.about': 'R: el relleno lee la celda reflejada en el borde',
  'from.replicate.about': 'E: el relleno lee la celda más cercana del borde',
  'from.circular.about': 'W: el relleno continúa por el lado opuesto',
  'from.skipped.about': '–: relleno que el máximo se salta',

  'maps.about':
    'Cada celda de salida sale de una ventana de la entrada: {taps} tomas, las celdas que lee. De una celda de salida a la siguiente la ventana avanza {stride} (stride).',
  'maps.about.dilated':
    'Cada celda de salida sale de una ventana de la entrada: {taps} tomas, las celdas que lee, separadas {dilation} celdas (dilation), y por tanto repartidas sobre {span} celdas. De una celda de salida a la siguiente la ventana avanza {stride} (stride).',
  'maps.about.relu': 'Cada celda de salida es max(0, x) de la celda de entrada en el mismo lugar.',
  'maps.picture': 'Entrada {shape}: la imagen',
  'maps.input': 'Entrada {shape}',
  'maps.output': 'Salida {shape}, canal {channel}',
  'maps.selected': 'La celda elegida y su valor: se explica abajo',
  'maps.input.label':
    'Entrada, {shape}. Las flechas mueven una celda, y abajo se dice a qué salidas llega; Intro elige la salida que está sobre ella, Escape la suelta.',
  'maps.output.label': 'Salida, {shape}, canal {channel}. Las flechas eligen la celda que se explica.',
  'maps.colours': 'en color',
  'maps.channel': 'canal {channel}',
  'maps.channel.label': 'Canal de entrada que se muestra',
  'maps.scale': 'Colores según el valor absoluto, hasta el mayor de este mapa',
  'maps.overhang':
    '×: con ceil_mode sobresalen las últimas ventanas (filas: {rows}, columnas: {columns}); allí no se lee nada',
  'maps.unvisited':
    'ninguna ventana lee las últimas celdas (filas: {rows}, columnas: {columns}), porque el tamaño se redondea hacia abajo',
  'reach.title.Conv2d': '¿Qué pesos ven esta celda de entrada?',
  'reach.title.MaxPool2d': '¿Qué salidas ven esta celda de entrada?',
  'reach.title.AvgPool2d': '¿Qué salidas ven esta celda de entrada?',
  'reach.title.ReLU': '¿Qué pasa con esta celda de entrada?',
  'reach.none.Conv2d':
    'Señala una celda de la entrada: se iluminan las salidas que la leen, cada una con su peso. Un clic o un toque la deja fija.',
  'reach.none.MaxPool2d':
    'Señala una celda de la entrada: se iluminan las salidas en cuya ventana está, cada una con el gradiente que le devuelve, 1 donde la celda es el máximo. Un clic o un toque la deja fija.',
  'reach.none.AvgPool2d':
    'Señala una celda de la entrada: se iluminan las salidas en cuya ventana está, cada una con el gradiente que le devuelve, 1 / divisor. Un clic o un toque la deja fija.',
  'reach.none.ReLU':
    'Señala una celda de la entrada: se ilumina su salida, con el gradiente que le devuelve. Un clic o un toque la deja fija.',

  'reach.cell': 'La celda de entrada ({y}, {x})',
  'reach.cell.channel': 'La celda de entrada ({y}, {x}) del canal {channel}',
  'reach.Conv2d.many':
    '{cell} la ven {count} celdas del canal de salida {channel}, con {names}. El gradiente de la suma del canal que le llega es {gradient}: la suma de esos pesos.',
  'reach.Conv2d.one':
    '{cell} la ve una celda del canal de salida {channel}, con {names}. El gradiente de la suma del canal que le llega es {gradient}.',
  'reach.MaxPool2d.many':
    '{cell} está en las ventanas de {count} celdas de salida, y es el máximo de {won}. Solo de esas le llega gradiente: {gradient}.',
  'reach.MaxPool2d.one':
    '{cell} está en la ventana de una celda de salida. Solo le llega gradiente si es el máximo: {gradient}.',
  'reach.AvgPool2d.many':
    '{cell} está en las ventanas de {count} celdas de salida. Cada una le da 1 / divisor como gradiente: en total {gradient}.',
  'reach.AvgPool2d.one':
    '{cell} está en la ventana de una celda de salida, que le da 1 / divisor como gradiente: {gradient}.',
  'reach.relu.passed': '{cell} es mayor que 0: el gradiente pasa, 1.',
  'reach.relu.stopped': '{cell} no es mayor que 0: no le llega gradiente.',
  'reach.copied': 'El relleno la copia, así que algunas salidas la leen más de una vez: {reads} veces en total.',
  'reach.all': 'los {count} pesos',
  'reach.nothing': '{cell} no la lee ninguna celda del canal de salida {channel}: su gradiente es 0.',
  'reach.copy': "El lugar ({y}, {x}) es relleno: padding_mode='{mode}' lee ahí la celda de entrada ({to_y}, {to_x}).",
  'reach.zeros': 'El lugar ({y}, {x}) es relleno: un cero.',
  'reach.skipped': 'El lugar ({y}, {x}) es relleno: el máximo se lo salta.',
  'reach.beyond':
    'El lugar ({y}, {x}) está fuera de la entrada: con ceil_mode una ventana sobresale del borde, y ahí no se lee nada.',
  'reach.kernel': 'El núcleo; iluminados: {names}',
  'reach.list': 'Todas, una por una',
  'reach.output': 'celda de salida',
  'reach.tap': 'toma [ky, kx]',
  'reach.weight': 'peso',
  'reach.gradient': 'gradiente',
  'reach.unpin': 'Soltar {place}',

  'play.title': 'Deslizar la ventana',
  'play.start': 'Reproducir',
  'play.pause': 'Pausa',
  'play.back': 'Atrás',
  'play.next': 'Siguiente',
  'play.stop': 'Mapa entero',
  'play.start.about': 'Desliza la ventana por toda la salida',
  'play.pause.about': 'Deja la ventana donde está',
  'play.back.about': 'Una celda atrás',
  'play.next.about': 'Una celda adelante',
  'play.stop.about': 'Para y muestra el mapa entero',
  'play.veil': 'Las celdas de salida a las que aún no les toca están tapadas. «Mapa entero» las destapa.',
  'play.speed': 'Velocidad: {count} celdas por segundo',
  'play.position': 'Celda de salida',

  'field.title': 'Campo receptivo en la imagen',
  'field.about': 'El campo receptivo de una celda de salida de esta capa abarca {span} píxeles de la imagen.',
  'field.next': 'El campo de la celda de al lado está {down} px más allá.',
  'field.next.apart':
    'El campo de la celda de abajo está {down} px más allá, y el de la celda de la derecha, {right} px.',
  'field.whole': 'La celda de salida {cell} depende de {spread} = {count} píxeles de la imagen.',
  'field.spread': 'La celda de salida {cell} depende de {count} píxeles de la imagen, repartidos sobre {spread}.',
  'field.none': 'La celda de salida {cell} no depende de ningún píxel de la imagen: su ventana cae toda en el relleno.',
  'field.cut': 'Su campo receptivo es de {span} píxeles, de los que solo {inside} están en la imagen; el resto es relleno.',
  'field.cut.far':
    'Su campo receptivo es de {span} píxeles, de los que solo {inside} están en la imagen; el resto es relleno, que lee píxeles de otra parte.',
  'field.near': 'Los píxeles en torno al campo receptivo, ampliados',

  'thumbs.title': 'Todos los canales',
  'thumbs.picture': 'Imagen',
  'thumbs.channel': '{type}, canal {channel}',

  'cell.none': 'Elige una celda de la salida: aquí se explica de dónde sale su número.',
  'cell.stale': 'Esta capa todavía tiene un error, así que no hay celda que explicar.',
  'cell.where': 'Celda de salida ({y}, {x}) del canal {channel}:',
  'cell.conv': 'Es la suma de {count} productos, valor por peso.',
  'cell.conv.bias': 'Es la suma de {count} productos, valor por peso, y del sesgo (bias).',
  'cell.relu': 'Es max(0, {value}).',
  'cell.maximum': 'Es el mayor valor de la ventana: toma {tap}, celda de entrada ({y}, {x}). return_indices da {index}.',
  'cell.maximum.ties':
    'Es el mayor valor de la ventana, que tienen {ties} tomas; gana la primera, como en PyTorch: toma {tap}, celda de entrada ({y}, {x}). return_indices da {index}.',
  'cell.maximum.none': 'Ninguna toma de esta ventana cae en la entrada.',
  'cell.average.override': 'Es la suma dividida entre {divisor}, porque lo dice divisor_override.',
  'cell.average.plain': 'Es la suma dividida entre {divisor}: la ventana tiene {taps} tomas, y todas están en la entrada.',
  'cell.average.beyond':
    'Es la suma dividida entre {divisor}: la ventana tiene {taps} tomas, {beyond} de ellas sobresalen del borde (ceil_mode) y no cuentan nunca.',
  'cell.average.padded':
    'Es la suma dividida entre {divisor}: la ventana tiene {taps} tomas, {over} de ellas caen en el relleno, y count_include_pad=True las cuenta también, como ceros.',
  'cell.average.padded.beyond':
    'Es la suma dividida entre {divisor}: la ventana tiene {taps} tomas, {beyond} de ellas sobresalen más allá del relleno (ceil_mode) y no cuentan nunca. De las otras {padded}, {over} caen en el relleno, y count_include_pad=True las cuenta también, como ceros.',
  'cell.average.inside':
    'Es la suma dividida entre {divisor}: la ventana tiene {taps} tomas, {over} de ellas caen en el relleno, y count_include_pad=False solo cuenta las {inside} que están en la entrada.',
  'cell.average.inside.beyond':
    'Es la suma dividida entre {divisor}: la ventana tiene {taps} tomas, {over} de ellas caen en el relleno y {beyond} sobresalen más allá (ceil_mode), y count_include_pad=False solo cuenta las {inside} que están en la entrada.',
  'cell.dilation': 'Con dilation {dilation}, las {taps} tomas se reparten sobre {span} celdas; las de en medio no se leen.',
  'cell.over.zeros.one': "Una toma cae en el relleno, donde padding_mode='zeros' tiene un cero: no suma nada.",
  'cell.over.zeros.many': "{count} tomas caen en el relleno, donde padding_mode='zeros' tiene ceros: no suman nada.",
  'cell.over.reflect.one':
    "Una toma cae en el relleno, donde padding_mode='reflect' lee la celda reflejada en el borde: la línea lleva hasta ella.",
  'cell.over.reflect.many':
    "{count} tomas caen en el relleno, donde padding_mode='reflect' lee las celdas reflejadas en el borde: las líneas llevan hasta ellas. Así esas celdas cuentan otra vez, en lugar de ceros.",
  'cell.over.replicate.one':
    "Una toma cae en el relleno, donde padding_mode='replicate' lee la celda más cercana del borde: la línea lleva hasta ella.",
  'cell.over.replicate.many':
    "{count} tomas caen en el relleno, donde padding_mode='replicate' lee las celdas más cercanas del borde: las líneas llevan hasta ellas.",
  'cell.over.circular.one':
    "Una toma cae en el relleno, donde padding_mode='circular' continúa por el lado opuesto: la línea lleva hasta allí.",
  'cell.over.circular.many':
    "{count} tomas caen en el relleno, donde padding_mode='circular' continúa por el lado opuesto: las líneas llevan hasta allí.",
  'cell.over.skipped.one': 'Una toma cae en el relleno; el máximo se la salta.',
  'cell.over.skipped.many': '{count} tomas caen en el relleno; el máximo se las salta.',
  'cell.over.beyond': 'Tomas que sobresalen del borde por ceil_mode, y que nunca se leen: {count}.',
  'cell.channel': 'Canal de entrada',
  'cell.rounded': 'Aquí los números van redondeados para que quepan; la tabla tiene más cifras.',
  'cell.drawing': 'La ventana sobre el canal de entrada {channel}, con los números que también tiene la tabla de abajo',
  'cell.tap': 'toma [ky, kx]',
  'cell.place': 'lugar (y, x)',
  'cell.from': 'se lee de',
  'cell.value': 'valor',
  'cell.weight': 'peso',
  'cell.product': 'producto',
  'cell.from.input': 'entrada',
  'cell.from.zeros': 'cero',
  'cell.from.skipped': 'se salta',
  'cell.from.beyond': 'fuera de la entrada',
  'cell.channel.sum': 'Canal de entrada {channel}: {count} productos, en total {sum}',
  'cell.channel.taps': 'Canal de entrada {channel}: {count} tomas',
  'cell.products': 'suma de los productos ({count})',
  'cell.values': 'suma de los valores de dentro ({count})',
  'cell.divisor': 'divisor',
  'cell.result': 'celda de salida',
  'cell.device': 'el dispositivo tiene, en f32',
  'cell.step': 'paso',
  'cell.number': 'número',
  'cell.compared': 'la misma celda con',
  'cell.impossible': 'aquí imposible',

  'numbers.what': 'de esta capa',
  'numbers.how': 'según la fórmula',
  'numbers.layer': 'capa',
  'numbers.shape': 'forma',
  'numbers.size': 'tamaño de salida',
  'numbers.height': 'alto',
  'numbers.width': 'ancho',
  'numbers.dropped':
    'Una ventana menos de las que da la fórmula: la última empezaría después de la entrada, en el relleno o más allá, y PyTorch descarta una ventana así.',
  'numbers.weights': 'pesos',
  'numbers.weights.none': 'ninguno: esta capa no aprende nada',
  'numbers.dense': 'pesos si fuera densa',
  'numbers.ratio': '{ratio} veces los de esta capa',
  'numbers.operations': 'multipli\u00adcaciones y sumas',
  'numbers.field': 'campo receptivo',
  'numbers.jump': 'salto tras la capa',
  'numbers.field.about':
    'El campo receptivo va del primer píxel que lee una celda al último; con dilation quedan algunos sin leer entre medias. Cada capa le añade (kernel_size − 1)·dilation·salto. El salto es a cuántos píxeles de la imagen están las celdas vecinas: esta fórmula toma el de antes de la capa, que en la imagen es 1, y la capa lo multiplica por su stride.',
  'numbers.chain': 'Toda la cadena',

  'measure.title': 'Tiempo en este navegador',
  'measure.about': 'La cadena desde la imagen hasta su última salida, con todos los tensores en el dispositivo: sin transferencias.',
  'measure.button': 'Medir en GPU y CPU',
  'measure.busy': 'Midiendo …',
  'measure.device': 'dispositivo',
  'measure.name': 'nombre',
  'measure.time': 'mediana',
  'measure.ratio': 'La {fast} es {ratio} veces más rápida que la {slow}.',
  'measure.software': 'Esta GPU está emulada por la CPU, así que su tiempo no dice nada de las reales.',
  'measure.no_gpu': 'Este navegador no ofrece WebGPU a esta página.',
};
