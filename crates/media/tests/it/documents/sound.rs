//! What sound documents are read as.

use atc_core::file::Fact;
use atc_media::ReadError;

use super::{fixture, pdfium, read, read_with, refusal};

#[test]
fn a_pdf_is_read_page_by_page() {
    let Some(pdfium) = pdfium() else { return };
    let read = read_with(&fixture("report.pdf"), "report.pdf", pdfium, &mut |_| panic!()).unwrap();
    let pages: Vec<(u32, &str)> = read.pages.iter().map(|p| (p.number, p.text.as_str())).collect();
    assert_eq!(
        pages,
        [
            (1, "Printer on floor 3 is offline\nError E13 at 10:42, café – 5 °C"),
            (2, "Second page: paper is jammed"),
            (3, "Turned page"),
        ]
    );
    assert!(read.text.contains("5 °C\n\nSecond page"));
    assert_eq!(read.metadata["title"], "Printer report".into());
    assert_eq!(read.metadata["author"], "Ada Lovelace".into());
    assert_eq!(read.metadata["pages"], Fact::Whole(3));
}

#[test]
fn pages_without_text_are_read_by_ocr() {
    let Some(pdfium) = pdfium() else { return };
    let mut pictures = Vec::new();
    let read = read_with(&fixture("scan.pdf"), "scan.pdf", pdfium.clone(), &mut |picture| {
        let dark = picture.pixels().filter(|p| p.0.iter().all(|c| *c < 100)).count();
        pictures.push((picture.width(), picture.height(), dark > 50));
        Ok("SCANNED TEXT".to_owned())
    })
    .unwrap();
    // A4 at 200 dots an inch, with something black on it; the empty page is not looked at.
    assert_eq!(pictures, [(1654, 2339, true)]);
    let pages: Vec<&str> = read.pages.iter().map(|p| p.text.as_str()).collect();
    assert_eq!(pages, ["SCANNED TEXT", "This page has a text layer", ""]);
    assert_eq!(read.metadata["ocr_pages"], Fact::Whole(1));

    let none = || Err(ReadError::unavailable("no OCR here"));
    let read = read_with(&fixture("scan.pdf"), "a.pdf", pdfium, &mut |_| none()).unwrap();
    assert_eq!(read.metadata["unread_pages"], Fact::Whole(1));
    assert_eq!(read.text, "This page has a text layer");
}

#[test]
fn without_pdfium_a_pdf_is_unavailable_and_the_rest_is_not() {
    let error = read(&fixture("report.pdf"), "report.pdf").unwrap_err();
    let ReadError::Unavailable(why) = error else { panic!("{error:?}") };
    assert!(why.contains("ai-tickets models fetch"), "{why}");
    assert!(read(&fixture("report.docx"), "report.docx").is_ok());
}

#[test]
fn word_with_header_table_and_footer() {
    let read = read(&fixture("report.docx"), "lie.zip").unwrap();
    assert_eq!(
        read.text,
        "ACME confidential header\nPrinter on floor 3\nIt is offline & <broken>.\tcafé\n\
         first point\nid\tstate\tnote\n1\t\ttwo lines\nAfter the table.\nFooter of ACME"
    );
    assert_eq!(read.metadata["title"], "Printer report".into());
    assert_eq!(read.metadata["author"], "Ada Lovelace".into());
    assert_eq!(read.metadata["created"], "2024-01-31T12:00:00Z".into());
}

#[test]
fn a_workbook_has_a_page_for_each_sheet() {
    let read = read(&fixture("orders.xlsx"), "orders.xlsx").unwrap();
    let pages: Vec<&str> = read.pages.iter().map(|p| p.text.as_str()).collect();
    assert_eq!(
        pages,
        [
            "Orders\nid\tday\tprice\tshare\tpaid\n1\t2024-01-31\t2.5\t15%\tTRUE\n\
             2\t2024-02-01 13:30:00\t0.3\t1\tFALSE\n\t\tfar cell",
            "Gebühren\n\tlate",
        ]
    );
    let names = ["Orders", "Gebühren"].map(|name| Fact::Text(name.to_owned()));
    assert_eq!(read.metadata["sheets"], Fact::List(names.to_vec()));
}

#[test]
fn a_presentation_has_a_page_for_each_slide() {
    let read = read(&fixture("talk.pptx"), "talk.pptx").unwrap();
    let pages: Vec<&str> = read.pages.iter().map(|p| p.text.as_str()).collect();
    assert_eq!(
        pages,
        [
            "Outage of the printer\nIt began at 10:42\nIt is over\nNotes: Tell them why",
            "Costs\npart\tprice\ndrum\t90",
        ]
    );
    assert_eq!(read.metadata["author"], "Ada Lovelace".into());
}

#[test]
fn opendocument_texts_sheets_and_slides() {
    let text = read(&fixture("report.odt"), "report.odt").unwrap();
    for part in [
        "Printer on floor 3\n",
        "It is offline & <broken>, café. [1] Since Monday.",
        "- first point\n- second point\n",
        "id\tstate\tnote\n1\toff\tdark\n",
        "After the table.",
    ] {
        assert!(text.text.contains(part), "{part:?} in {:?}", text.text);
    }
    assert_eq!(text.metadata["title"], "Printer report".into());
    let sheets = read(&fixture("orders.ods"), "orders.ods").unwrap();
    let pages: Vec<&str> = sheets.pages.iter().map(|p| p.text.as_str()).collect();
    assert_eq!(pages, ["Orders\nid\tprice\tpaid\n0\t0\tyes\na\t\tb  c\na\t\tb  c", "Two\nx"]);
    let slides = read(&fixture("talk.odp"), "talk.odp").unwrap();
    let pages: Vec<&str> = slides.pages.iter().map(|p| p.text.as_str()).collect();
    assert_eq!(pages, ["Outage of the printer", "Costs"]);
}

#[test]
fn rich_text() {
    let read = read(&fixture("report.rtf"), "report.rtf").unwrap();
    for part in [
        "Printer on floor 3\n",
        "It is offline & <broken>, café.",
        "id\tstate\tnote\n1\toff\tdark\n",
    ] {
        assert!(read.text.contains(part), "{part:?} in {:?}", read.text);
    }
}

#[test]
fn a_mail_lists_its_attachments() {
    let mail = b"From: =?utf-8?q?Ada_L=C3=B6ve?= <ada@example.org>\r\nTo: help@example.org\r\n\
        Subject: =?iso-8859-1?Q?Drucker_kaputt=21_=FCber?=\r\nDate: Wed, 31 Jan 2024 12:00:00 +0100\r\n\
        MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\
        Content-Type: text/html; charset=windows-1252\r\n\r\n<p>The <b>printer</b> is caf\xE9</p>\r\n--b\r\n\
        Content-Type: image/png; name=\"../shot.png\"\r\nContent-Disposition: attachment; filename=\"../shot.png\"\r\n\
        Content-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n\
        From: bob@example.org\r\nSubject: inner\r\n\r\nThe inner body\r\n--b--\r\n";
    let read = read(mail, "mail.eml").unwrap();
    for part in [
        "From: Ada Löve <ada@example.org>\n",
        "Subject: Drucker kaputt! über\n",
        "The printer is café\n",
        "- shot.png (image/png, 8 bytes)\n",
        "- inner (message/rfc822, ",
        "The inner body",
    ] {
        assert!(read.text.contains(part), "{part:?} in {:?}", read.text);
    }
    let Fact::List(attachments) = &read.metadata["attachments"] else { panic!() };
    let Fact::Facts(first) = &attachments[0] else { panic!() };
    assert_eq!(first["filename"], "shot.png".into());
    assert_eq!(first["content_type"], "image/png".into());
    assert_eq!(first["size"], Fact::Whole(8));
    assert_eq!(read.metadata["created"], "2024-01-31T12:00:00+01:00".into());
}

#[test]
fn texts_of_every_sort() {
    let utf16: Vec<u8> =
        "\u{FEFF}Drucker defekt – bitte prüfen".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (bytes, name, text) in [
        (&b"plain\r\ntext"[..], "a.txt", "plain\ntext"),
        (&utf16, "a.txt", "Drucker defekt – bitte prüfen"),
        (b"caf\xe9 au lait, tr\xe8s bon, \x80 5", "a.txt", "café au lait, très bon, € 5"),
        (b"a,b\n1,2\n", "a.csv", "a\tb\n1\t2"),
        (b"# Title\n\n- x\n", "a.md", "# Title\n\n- x"),
        (b"{\"a\": [1]}", "a.json", "{\"a\": [1]}"),
        (b"<html><title>t</title><p>a<p>b", "a.htm", "a\n\nb"),
        (
            b"<?xml version='1.0'?><svg><style>x</style><text>Hi &amp; bye</text></svg>",
            "a.svg",
            "Hi & bye",
        ),
        (b"invoice\xE2\x80\xAEgpj.exe", "a.log", "invoice\u{202E}gpj.exe"),
    ] {
        assert_eq!(read(bytes, name).unwrap().text, text, "{name}");
    }
    assert_eq!(read(b"a,b\n1,2\n3,4", "a.csv").unwrap().metadata["rows"], Fact::Whole(3));
    assert_eq!(read(b"# Title\n", "a.md").unwrap().metadata["title"], "Title".into());
}

#[test]
fn encrypted_files_are_refused_by_that_name() {
    const WHY: &str = "The file is encrypted with a password; upload it without one.";
    assert_eq!(refusal(&fixture("encrypted.odt"), "a.odt"), WHY);
    let mut office = cfb::CompoundFile::create(std::io::Cursor::new(Vec::new())).unwrap();
    office.create_stream("EncryptedPackage").unwrap();
    office.flush().unwrap();
    assert_eq!(refusal(office.into_inner().get_ref(), "a.docx"), WHY);
    if let Some(pdfium) = pdfium() {
        let error = read_with(&fixture("encrypted.pdf"), "a.pdf", pdfium, &mut |_| panic!());
        assert_eq!(error, Err(ReadError::refused(WHY)));
    }
}

#[test]
fn old_formats_are_named() {
    for (stream, format) in
        [("WordDocument", ".doc"), ("Workbook", ".xls"), ("PowerPoint Document", ".ppt")]
    {
        let mut office = cfb::CompoundFile::create(std::io::Cursor::new(Vec::new())).unwrap();
        office.create_stream(stream).unwrap();
        office.flush().unwrap();
        let why = refusal(office.into_inner().get_ref(), "a.doc");
        assert!(why.contains(format), "{why}");
    }
}
