//! How the windows of a layer lie along one axis.

use filtro::PaddingMode;

/// Output `out` reads the taps `out * stride - pads[0] + tap * dilation`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Axis {
    pub in_size: usize,
    pub out_size: usize,
    pub kernel_size: usize,
    pub stride: usize,
    /// Before and after.
    pub pads: [usize; 2],
    pub dilation: usize,
}

fn signed(size: usize) -> isize {
    isize::try_from(size).unwrap_or(isize::MAX)
}

impl Axis {
    /// An axis of this size by itself.
    pub fn of(size: usize) -> Self {
        let (kernel_size, stride, dilation) = (1, 1, 1);
        Self { in_size: size, out_size: size, kernel_size, stride, pads: [0, 0], dilation }
    }

    /// Where a tap lies in the input: below 0 or from its size on over padding.
    pub fn position(&self, out: usize, tap: usize) -> isize {
        signed(out * self.stride + tap * self.dilation) - signed(self.pads[0])
    }

    /// The cell of the input at a position, if there is one.
    pub fn inside(&self, position: isize) -> Option<usize> {
        usize::try_from(position).ok().filter(|&cell| cell < self.in_size)
    }

    /// Whether a position is in the input or its padding.
    pub fn is_padded(&self, position: isize) -> bool {
        -signed(self.pads[0]) <= position && position < signed(self.in_size + self.pads[1])
    }

    /// The cell of the input whose value a position has, if any.
    pub fn source(&self, mode: PaddingMode, position: isize) -> Option<usize> {
        let last = signed(self.in_size) - 1;
        let cell = match mode {
            PaddingMode::Reflect if position < 0 => -position,
            PaddingMode::Reflect if position > last => 2 * last - position,
            PaddingMode::Replicate => position.clamp(0, last),
            PaddingMode::Circular => position.rem_euclid(last + 1),
            _ => position,
        };
        self.inside(cell)
    }

    /// The outputs and their taps that have the value of a cell of the input.
    pub fn readers(&self, mode: PaddingMode, cell: usize) -> Vec<(usize, usize)> {
        let taps = move |out| (0..self.kernel_size).map(move |tap| (out, tap));
        (0..self.out_size)
            .flat_map(taps)
            .filter(|&(out, tap)| self.source(mode, self.position(out, tap)) == Some(cell))
            .collect()
    }

    /// What all windows together span, from the begin of the padding on.
    fn reach(&self) -> usize {
        (self.out_size - 1) * self.stride + self.dilation * (self.kernel_size - 1) + 1
    }

    fn padded_size(&self) -> usize {
        self.pads[0] + self.in_size + self.pads[1]
    }

    /// The cells at the end, padding included, that no window reaches.
    pub fn unvisited(&self) -> usize {
        self.padded_size().saturating_sub(self.reach())
    }

    /// By how many cells the last window hangs over the padded input.
    pub fn overhang(&self) -> usize {
        self.reach().saturating_sub(self.padded_size())
    }
}
