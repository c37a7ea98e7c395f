use super::problem::distinct;

#[test]
fn distinct_places_are_counted() {
    for tile in 1..=8 {
        for stride in 1..=6 {
            for kernel_size in 1..=5 {
                for dilation in 1..=6 {
                    let places: std::collections::HashSet<_> = (0..tile)
                        .flat_map(|out| {
                            (0..kernel_size).map(move |tap| out * stride + tap * dilation)
                        })
                        .collect();
                    let counted = distinct(tile, stride, kernel_size, dilation) as usize;
                    assert_eq!(counted, places.len(), "{tile} {stride} {kernel_size} {dilation}");
                }
            }
        }
    }
}
