use super::*;
use crate::Conv2d;
use crate::gpu::variants::conv2d::{adapters, variants};

#[test]
fn the_cascade_picks_what_each_kind_of_problem_and_adapter_wants() {
    for limits in adapters() {
        let picked =
            |conv: Conv2d, input: [usize; 4]| conv.plan(input, &limits).unwrap().algorithm();
        let conv = Conv2d::new(64, 64, [3, 3]).padding([1, 1]);
        if limits.software {
            assert_eq!(picked(conv, [1, 64, 56, 56]), Algorithm::Texel);
            continue;
        }
        assert_eq!(picked(conv.clone(), [1, 64, 56, 56]), Algorithm::Halo);
        let has_few_registers_or_a_scalar_unit =
            matches!(limits.subgroup_sizes, Some((8, _) | (_, 64)));
        let strided =
            if has_few_registers_or_a_scalar_unit { Algorithm::Tiled } else { Algorithm::Halo };
        assert_eq!(picked(conv.clone().stride([2, 2]), [1, 64, 56, 56]), strided);
        assert_eq!(picked(Conv2d::new(64, 64, [1, 1]), [1, 64, 56, 56]), Algorithm::Tiled);
        assert_eq!(picked(conv, [1, 64, 900, 900]), Algorithm::General);
    }
}

#[test]
fn a_binding_holds_twice_as_many_elements_of_f16() {
    let conv = Conv2d::new(64, 64, [3, 3]).padding([1, 1]);
    let problem = conv.problem([8, 64, 300, 300].into()).unwrap();
    for pinned in [Algorithm::General, Algorithm::Halo, Algorithm::Tiled] {
        let [full, half] = [DType::F32, DType::F16].map(|dtype| {
            let operands = Operands { bias: false, dtype };
            let limits = Limits::webgpu();
            Conv2dPlan::new(&problem, operands, Some(pinned), &limits).unwrap().dispatches()
        });
        assert_eq!([full, half], [2, 1], "{pinned}");
    }
}

#[test]
fn no_planned_text_is_too_long() {
    for (shader, _) in variants().unwrap() {
        let lines = shader.compose().unwrap().lines().count();
        assert!(lines < 2400, "{}: {lines} lines", shader.label());
    }
}
