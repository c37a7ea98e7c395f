//! Sums over the axes that a tensor was broadcast along, in f64.

use std::ops::Range;

use crate::cpu::elementwise::pairwise::{fill, rows};
use crate::cpu::kit::sum::sum;
use crate::cpu::kit::{simd, threads};
use crate::memory::{NoMemory, collected, zeros};
use crate::ops::Function;
use crate::ops::broadcast::Broadcast;
use crate::ops::reduction::{Pass, Reduction, Term};

/// Terms that a task should have.
const TASK_TERMS: usize = 1 << 15;
/// Tasks that keep all threads busy; no number of threads, so that results are the same on any.
const ENOUGH_TASKS: usize = 64;
/// Terms that are at hand at once, and sums that are added up side by side.
const AT_ONCE: usize = 1024;

/// The gradient of a tensor that broadcast.
pub(crate) fn reduce(
    problem: &Reduction,
    grad_output: &[f32],
    factor: Option<&[f32]>,
    gradient: &mut [f32],
) -> Result<(), NoMemory> {
    if grad_output.is_empty() {
        gradient.fill(0.0);
        return Ok(());
    }
    let sign = if problem.negated { -1.0 } else { 1.0 };
    let passes = problem.passes().passes;
    let factor_shape = problem.factor.unwrap_or(problem.output);
    let terms = Terms {
        term: problem.term,
        places: Broadcast::new(problem.output, [problem.output, factor_shape]),
        gradient: grad_output,
        factor: factor.unwrap_or(grad_output),
    };
    let Some((first, others)) = passes.split_first() else {
        let each = Pass { outer: gradient.len(), terms: 1, inner: 1 };
        return run(&each, &terms, sign, gradient);
    };
    let mut sums: Vec<f32> = Vec::new();
    for (index, pass) in passes.iter().enumerate() {
        let is_last = index == others.len();
        let mut next = if is_last { Vec::new() } else { zeros(pass.sums())? };
        let sums_of = Terms::plain(&sums);
        let terms = if pass == first && index == 0 { &terms } else { &sums_of };
        let result = if is_last { &mut *gradient } else { next.as_mut_slice() };
        run(pass, terms, if is_last { sign } else { 1.0 }, result)?;
        sums = next;
    }
    Ok(())
}

/// What is added up, in the order of the gradient of the output.
struct Terms<'a> {
    term: Term,
    places: Broadcast<2>,
    gradient: &'a [f32],
    factor: &'a [f32],
}

impl<'a> Terms<'a> {
    /// Numbers as they are.
    fn plain(numbers: &'a [f32]) -> Self {
        let places = Broadcast { sizes: [1; 4], strides: [[0; 4]; 2] };
        Self { term: Term::Gradient, places, gradient: numbers, factor: numbers }
    }

    /// Some terms, in `room` where they are computed.
    #[inline(always)]
    fn at<'s>(&'s self, range: Range<usize>, room: &'s mut [f32; AT_ONCE]) -> &'s [f32] {
        let Self { term, places, gradient, factor } = self;
        let room = &mut room[..range.len()];
        match term {
            Term::Gradient => return &gradient[range],
            Term::Product => {
                fill(Function::Mul, places, [gradient, factor], range.start, room);
            }
            Term::BelowZero => {
                let term = |gradient: f32, factor: f32| {
                    if factor > 0.0 { 0.0 } else { gradient * factor }
                };
                rows(places, [gradient, factor], range.start, room, term);
            }
        }
        room
    }
}

/// Into how many parts the terms of a sum are split.
fn parts(pass: &Pass) -> usize {
    let columns = pass.inner.min(AT_ONCE);
    let tasks = pass.outer.saturating_mul(pass.inner.div_ceil(AT_ONCE));
    let wanted = ENOUGH_TASKS.div_ceil(tasks);
    wanted.min(pass.terms.saturating_mul(columns) / TASK_TERMS).clamp(1, pass.terms)
}

/// One pass, with this sign.
#[allow(clippy::cast_possible_truncation, reason = "a sum in f64 becomes an f32 gradient")]
fn run(pass: &Pass, terms: &Terms<'_>, sign: f64, result: &mut [f32]) -> Result<(), NoMemory> {
    let parts = parts(pass);
    let narrow = |sum: f64| (sign * sum) as f32;
    if parts == 1 {
        return add_up(pass, 1, terms, result, narrow);
    }
    let mut partial: Vec<f64> = zeros(pass.sums() * parts)?;
    add_up(pass, parts, terms, &mut partial, |sum| sum)?;
    let rows = result.chunks_mut(pass.inner).zip(partial.chunks(parts * pass.inner));
    for (sums, partial) in rows {
        for (column, sum) in sums.iter_mut().enumerate() {
            *sum = narrow(partial[column..].iter().step_by(pass.inner).sum());
        }
    }
    Ok(())
}

/// The sums of parts of the terms: `inner` sums of each part, `parts` of them for each of `outer`.
fn add_up<T: Send>(
    pass: &Pass,
    parts: usize,
    terms: &Terms<'_>,
    sums: &mut [T],
    narrow: impl Fn(f64) -> T + Sync + Send,
) -> Result<(), NoMemory> {
    let Pass { outer, terms: count, inner } = *pass;
    let part_terms = count.div_ceil(parts);
    let columns = inner.min(AT_ONCE);
    let (row_len, task_len) = match TASK_TERMS / part_terms.saturating_mul(inner) {
        rows if rows > 1 && columns == inner => (rows * inner, rows * inner),
        _ => (inner, columns),
    };
    let tasks = sums.chunks_mut(row_len).enumerate().flat_map(|(row, sums)| {
        let pieces = sums.chunks_mut(task_len).enumerate();
        pieces.map(move |(piece, sums)| (row * row_len + piece * task_len, sums))
    });
    let work = outer.saturating_mul(count).saturating_mul(inner) / 2;
    threads::for_each(collected(tasks)?, work, |(first, sums): (usize, &mut [T])| {
        simd::dispatch(
            #[inline(always)]
            || {
                for (index, sums) in sums.chunks_mut(columns).enumerate() {
                    let at = first + index * columns;
                    let (row, column) = (at / inner, at % inner);
                    let (outer, part) = (row / parts, row % parts);
                    let [begin, end] = [part, part + 1].map(|part| (part * part_terms).min(count));
                    let of_part = begin..end;
                    let start = outer * count * inner + column;
                    if inner == 1 {
                        let range = start + of_part.start..start + of_part.end;
                        sums[0] = narrow(row_sum(terms, range));
                    } else {
                        column_sums(terms, start, of_part, inner, sums, &narrow);
                    }
                }
            },
        );
        Ok(())
    })
}

/// The sum of terms one behind another.
#[inline(always)]
fn row_sum(terms: &Terms<'_>, range: Range<usize>) -> f64 {
    let mut room = [0.0; AT_ONCE];
    let mut total = 0.0;
    for start in range.clone().step_by(AT_ONCE) {
        total += sum(terms.at(start..(start + AT_ONCE).min(range.end), &mut room));
    }
    total
}

/// Neighbouring sums of terms that lie `inner` apart.
#[inline(always)]
fn column_sums<T>(
    terms: &Terms<'_>,
    start: usize,
    range: Range<usize>,
    inner: usize,
    sums: &mut [T],
    narrow: impl Fn(f64) -> T,
) {
    let columns = sums.len();
    let mut room = [0.0; AT_ONCE];
    let mut totals = [0.0_f64; AT_ONCE];
    // Short rows that lie one behind another are added up several at a time.
    let rows = if columns == inner { (AT_ONCE / columns).max(1) } else { 1 };
    for row in range.clone().step_by(rows) {
        let first = start + row * inner;
        let len = rows.min(range.end - row) * columns;
        let terms = terms.at(first..first + len, &mut room);
        for (total, &term) in totals.iter_mut().zip(terms) {
            *total += f64::from(term);
        }
    }
    let used = &totals[..rows.min(range.len()).max(1) * columns];
    for (column, sum) in sums.iter_mut().enumerate() {
        *sum = narrow(used[column..].iter().step_by(columns).sum());
    }
}
