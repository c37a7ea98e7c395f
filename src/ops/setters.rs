//! The setters of options.

/// A method for each field, which sets it and gives the options back.
///
/// `name: Type` takes what the field holds, `name: into Type` what becomes it.
macro_rules! setters {
    () => {};
    ($(#[$doc:meta])+ $field:ident: into $type:ty, $($rest:tt)*) => {
        $(#[$doc])+
        #[must_use]
        pub fn $field(mut self, $field: impl Into<$type>) -> Self {
            self.$field = $field.into();
            self
        }
        $crate::ops::setters::setters!($($rest)*);
    };
    ($(#[$doc:meta])+ $field:ident: $type:ty, $($rest:tt)*) => {
        $(#[$doc])+
        #[must_use]
        pub fn $field(mut self, $field: $type) -> Self {
            self.$field = $field;
            self
        }
        $crate::ops::setters::setters!($($rest)*);
    };
}

pub(crate) use setters;
