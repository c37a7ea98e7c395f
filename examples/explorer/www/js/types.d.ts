// What the modules of the page hand each other. Pairs are [height, width]; a `Shape` is
// [channels, height, width]; tensors are flat and row-major, as torch's.

export type Pair = [number, number];
export type Shape = [number, number, number];
export type Rows = number[][];
export type PaddingMode = 'zeros' | 'reflect' | 'replicate' | 'circular';

/** The filter of an output channel: the name of a classic one, `random`, or one's own numbers. */
export type Kernel = string | Rows;

export interface Conv2d {
  type: 'Conv2d';
  out_channels: number;
  kernel_size: Pair;
  stride: Pair;
  padding: Pair | 'valid' | 'same';
  dilation: Pair;
  groups: number;
  /** A number for each output channel; null for `bias=False`. */
  bias: number[] | null;
  padding_mode: PaddingMode;
  /** Output channel `o` has `kernels[o % kernels.length]`, on each input channel of its group divided by their
   * number; random ones differ for each pair of channels. Smaller classic ones lie in the middle. */
  kernels: Kernel[];
  /** Of the random ones. */
  seed: number;
}

export interface MaxPool2d {
  type: 'MaxPool2d';
  kernel_size: Pair;
  /** null: `kernel_size`. */
  stride: Pair | null;
  padding: Pair;
  dilation: Pair;
  ceil_mode: boolean;
}

export interface AvgPool2d {
  type: 'AvgPool2d';
  kernel_size: Pair;
  stride: Pair | null;
  padding: Pair;
  ceil_mode: boolean;
  count_include_pad: boolean;
  divisor_override: number | null;
}

export interface ReLU {
  type: 'ReLU';
}

export type Layer = Conv2d | MaxPool2d | AvgPool2d | ReLU;

/** A cell of an output. */
export interface Cell {
  channel: number;
  y: number;
  x: number;
}

/** All that the page shows, and all that its link holds. */
export interface State {
  picture: {
    kind: 'cat' | 'own' | 'webcam' | 'grid';
    /** Each pixel is the mean of so many by so many; 1 for a grid. */
    shrink: number;
    /** One channel, the mean of red, green and blue. */
    grey: boolean;
    /** The grid's numbers. */
    grid: Rows;
  };
  /** At most five. */
  layers: Layer[];
  /** The layer that is looked at, from 0, and the cell of its output that is explained, if any. */
  at: { layer: number; cell: Cell | null; channel: number };
  device: 'gpu' | 'cpu';
}

/** What the crate says of a layer for the shape that reaches it. */
export type Checked =
  | {
      ok: true;
      input: Shape;
      output: Shape;
      /** [[top, bottom], [left, right]] */
      pads: [Pair, Pair];
      /** [rows, columns] at the end, padding included, that no window reads. */
      unvisited: Pair;
      /** [rows, columns] by which the last windows hang over the padded input (`ceil_mode`). */
      overhang: Pair;
      /** Without the bias. */
      weights: number;
      /** Those of a dense layer from this input to this output. */
      dense_weights: number;
      multiply_adds: number;
      /** Of an output cell in the picture, through the chain up to here: its size, and how far the fields of
       * neighbouring cells are apart. */
      field: { size: Pair; jump: Pair };
    }
  | {
      ok: false;
      /** The parameter, such as `stride`. */
      argument: string;
      /** The crate's own text. */
      message: string;
    };

/** A tap of a window. */
export interface Tap {
  /** Channel of the input. */
  channel: number;
  kernel_y: number;
  kernel_x: number;
  /** Where it lies in the input's coordinates: below 0 or beyond the size over padding. */
  y: number;
  x: number;
  /** Where its value comes from: `input` inside, the padding mode over padding of a convolution, `skipped` over the
   * padding of a maximum, `zeros` over that of an average, `beyond` where `ceil_mode` hangs over the padding too. */
  from: 'input' | PaddingMode | 'skipped' | 'beyond';
  /** The cell of the input that is read; null where there is none. */
  source: Pair | null;
  value: number;
  /** 1 in a pooling. */
  weight: number;
  /** `value * weight`. */
  product: number;
}

/** Where the number of an output cell comes from. */
export interface Explanation {
  type: Layer['type'];
  cell: Cell;
  /** In the order of the sum: input channels, rows, columns. */
  taps: Tap[];
  /** Conv2d: null without a bias. */
  bias: number | null;
  /** Of the products. */
  sum: number;
  /** The result, by f64. */
  value: number;
  /** MaxPool2d: which tap (an index into `taps`), how many taps hold that value (the first wins), and the flat
   * index that `return_indices` gives. null where no tap lies in the input. */
  maximum: { tap: number; ties: number; index: number } | null;
  /** AvgPool2d: what the sum is divided by, and why. */
  divisor: {
    value: number;
    rule: 'divisor_override' | 'kernel' | 'inside the padding' | 'inside the input';
    /** Taps of the kernel, taps that lie in the input or its padding, taps that lie in the input. */
    taps: number;
    padded: number;
    inside: number;
  } | null;
}

/** What a cell of a layer's input reaches in one channel of its output: the backward view. */
export interface Reach {
  /** An output cell as often as it reads this cell (padding can copy it). `weight` is by how much the output grows
   * with the cell: the weight, 1 or 0 for a maximum, one part of the divisor for an average. */
  outputs: { y: number; x: number; kernel_y: number; kernel_x: number; weight: number }[];
  /** The sum of the weights: the gradient of the channel's sum with respect to this cell. */
  gradient: number;
}

/** What of the picture an output cell depends on: the pixels of these rows in these columns. */
export interface Field {
  /** From first to last, as the windows lie; they can lie beyond the picture. */
  top: number;
  left: number;
  bottom: number;
  right: number;
  /** Those that are read, through the padding too; sorted. */
  rows: number[];
  columns: number[];
}

export interface Filter {
  name: string;
  about: string;
  kernel: Rows;
}

export interface Weight {
  /** [out_channels, in_channels / groups, kernel_height, kernel_width] */
  shape: [number, number, number, number];
  values: number[];
}

/** What a run gave. */
export interface Result {
  state: State;
  /** Of as many layers as are in order, and of the first that is not. */
  checked: Checked[];
  /** `tensors[0]` is the picture, `tensors[k]` the output of layer `k - 1`; as many as are in order. */
  tensors: { shape: Shape; values: Float32Array }[];
  /** The device's words for itself. */
  device: string;
  /** Milliseconds from the picture in memory to all outputs in memory. */
  took: number;
}
