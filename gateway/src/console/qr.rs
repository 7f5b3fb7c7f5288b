//! A QR code as the path of a picture, in the page itself: nothing is loaded for it.

use qrcode::{Color, QrCode};

/// Modules of white around it (ISO/IEC 18004 §9.1).
const QUIET: usize = 4;

/// The side of the picture in modules, and its dark ones as an SVG path; `None` if the text is too long for a code.
pub fn path(text: &str) -> Option<(usize, String)> {
    let code = QrCode::new(text).ok()?;
    let width = code.width();
    let dark = code.to_colors().into_iter().enumerate().filter(|(_, color)| *color == Color::Dark);
    let square = |(place, _): (usize, Color)| {
        let (row, column) = (place.checked_div(width).unwrap_or(0), place.checked_rem(width).unwrap_or(0));
        format!("M{} {}h1v1h-1z", column.saturating_add(QUIET), row.saturating_add(QUIET))
    };
    Some((width.saturating_add(2 * QUIET), dark.map(square).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_its_three_corners_and_a_quiet_border() {
        let (size, path) = path("vinimay:slip?session=1").unwrap();
        assert!((29..60).contains(&size), "{size}");
        for corner in [(4, 4), (size - 5, 4), (4, size - 5)] {
            assert!(path.contains(&format!("M{} {}h", corner.0, corner.1)), "{corner:?}");
        }
        assert!(!path.contains("M3 ") && !path.contains(&format!("M{} ", size - 4)), "the border is quiet");
        assert_eq!(super::path(&"x".repeat(4000)), None);
    }
}
