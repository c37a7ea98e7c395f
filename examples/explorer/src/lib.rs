//! What the page asks of filtro.
