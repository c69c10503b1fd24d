//! Which groups of an RTF document hold what.

/// Whether the text of this destination is not for people: tables of fonts and styles, pictures,
/// the instructions of fields.
pub(super) fn is_silent(word: &str) -> bool {
    const SILENT: [&str; 36] = [
        "fonttbl",
        "colortbl",
        "stylesheet",
        "listtable",
        "listoverridetable",
        "revtbl",
        "rsidtbl",
        "info",
        "pict",
        "object",
        "objdata",
        "objclass",
        "fldinst",
        "themedata",
        "datastore",
        "latentstyles",
        "generator",
        "filetbl",
        "xmlnstbl",
        "pgptbl",
        "nonshppict",
        "shpinst",
        "bkmkstart",
        "bkmkend",
        "private",
        "mmathPr",
        "colorschememapping",
        "listtext",
        "pntext",
        "pnseclvl",
        "userprops",
        "falt",
        "panose",
        "blipuid",
        "wgrffmtfilter",
        "datafield",
    ];
    SILENT.contains(&word)
}

/// The name of the fact that a destination of the information group holds.
pub(super) fn fact_of(word: &str) -> Option<&'static str> {
    Some(match word {
        "title" => "title",
        "author" => "author",
        "subject" => "subject",
        "keywords" => "keywords",
        "operator" => "last_modified_by",
        _ => return None,
    })
}

/// The code page of a font's character set.
pub(super) fn page_of(set: i32) -> Option<i32> {
    Some(match set {
        0 => 1252,
        77 => 10_000,
        128 => 932,
        129 => 949,
        134 => 936,
        136 => 950,
        161 => 1253,
        162 => 1254,
        163 => 1258,
        177 => 1255,
        178 => 1256,
        186 => 1257,
        204 => 1251,
        222 => 874,
        238 => 1250,
        _ => return None,
    })
}
