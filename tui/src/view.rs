//! Draws the state. Drawing changes nothing: the same state gives the same screen.

mod banner;
mod canvas;
mod footer;
mod header;
mod pane;
mod sites;
mod table;
mod tasks;
mod title;

use ratatui::Frame;
use stranded_analysis::report::Class;
use stranded_analysis::words;

use crate::app::layout::{SMALLEST, is_large_enough};
use crate::app::{App, Layout, Screen};
use crate::page::{self, Page};
use crate::text::{Line, Role, head};
use crate::theme;
use canvas::Canvas;

/// Draws the whole screen.
pub(crate) fn draw(frame: &mut Frame<'_>, app: &App) {
    let mut canvas = Canvas::new(frame.buffer_mut());
    let mut cursor = None;
    if is_large_enough(app.size) {
        cursor = screen(&mut canvas, app);
        if app.top().is_popup()
            && let Some(page) = page::page(app, app.top())
        {
            popup(&mut canvas, app, &page);
        }
    } else {
        canvas.put(0, 0, &too_small(app));
    }
    if !app.settings.color {
        theme::strip_colors(frame.buffer_mut());
    }
    if let Some(cursor) = cursor {
        frame.set_cursor_position(cursor);
    }
}

/// Draws the topmost screen that is no popup; where the text cursor is comes back.
fn screen(canvas: &mut Canvas<'_>, app: &App) -> Option<(u16, u16)> {
    let layout = Layout::of(app);
    let width = usize::from(app.size.width);
    let header = [header::target(app), header::strip(app), header::pulse(app)];
    for (y, parts) in (0..layout.header).zip(header) {
        canvas.put(1, y, &parts.fit(width.saturating_sub(2)));
    }
    let news = app.news(width.saturating_sub(2));
    for (y, text) in (layout.header..).zip(news).take(usize::from(layout.news)) {
        canvas.put(1, y, &Line::new(Role::Bad, text));
    }
    let mut y = layout.header + layout.news + layout.gap;
    for line in banner::lines(app, width.saturating_sub(2), usize::from(layout.banner)) {
        canvas.put(1, y, &line);
        y += 1;
    }
    y = layout.header + layout.news + 2 * layout.gap + layout.banner;
    if layout.title > 0 {
        canvas.put(1, y, &title::line(app, width.saturating_sub(2)));
        y += layout.title;
    }
    let data = y..y + layout.body + layout.pane;
    match app.screen() {
        Screen::Sites => {
            sites::draw(canvas, app, y, layout.rows());
            pane::draw(canvas, app, y + layout.body, layout.pane);
        }
        Screen::Tasks { .. } => tasks::draw(canvas, app, y, layout.rows()),
        other => {
            if let Some(page) = page::page(app, other) {
                text(canvas, 1, y, &page);
            }
        }
    }
    if app.frozen.is_none() && !app.link.is_live(app.now) && app.live.model.census().is_some() {
        canvas.stale(data);
    }
    footer::draw(canvas, app, app.size.height - layout.status - layout.footer, layout.status > 0)
}

/// Draws the lines of a text that are in sight.
fn text(canvas: &mut Canvas<'_>, x: u16, y: u16, page: &Page) {
    let lines = page.lines.iter().skip(usize::from(page.scroll));
    for (row, line) in (0..page.size.height).zip(lines) {
        canvas.put(x, y + row, line);
    }
}

/// Draws a text over the screen, in a frame as high as it needs.
fn popup(canvas: &mut Canvas<'_>, app: &App, page: &Page) {
    let ascii = app.settings.ascii;
    let width = page.size.width + 4;
    let lines = u16::try_from(page.lines.len()).unwrap_or(u16::MAX);
    let height = lines.min(page.size.height) + 2;
    let x = app.size.width.saturating_sub(width) / 2;
    let y = app.size.height.saturating_sub(height) / 2;
    canvas.clear(x, y, width, height);
    let more = page.below();
    let below = if more > 0 {
        format!(" {}, j or PgDn ", words::counted(more.into(), "more line"))
    } else {
        " Esc closes ".to_owned()
    };
    let [top, bottom] = theme::frame(usize::from(width), ascii);
    let side = Line::new(Role::Dim, theme::side(ascii));
    for row in y + 1..y + height - 1 {
        canvas.put(x, row, &side);
        canvas.put(x + width - 1, row, &side);
    }
    for (edge, rule, label) in
        [(y, top, format!(" {} ", page.title)), (y + height - 1, bottom, below)]
    {
        let label = head(&label, usize::from(width).saturating_sub(4), ascii);
        canvas.put(x, edge, &Line::new(Role::Dim, rule));
        canvas.put(x + 2, edge, &Line::new(Role::Heading, label));
    }
    text(canvas, x + 2, y + 1, page);
}

/// `need 40x8, have 30x5  LIVE 0.4s  1 LIKELY`.
fn too_small(app: &App) -> Line {
    let need = format!(
        "need {}x{}, have {}x{}  ",
        SMALLEST.width, SMALLEST.height, app.size.width, app.size.height
    );
    let count = |class| {
        app.picture()
            .report
            .as_ref()
            .map_or(0, |report| report.confirmed().filter(|finding| finding.class == class).count())
    };
    let worst =
        [Class::Proven, Class::Likely, Class::Watch].into_iter().find(|class| count(*class) > 0);
    let found = worst.map_or_else(String::new, |class| {
        format!("  {} {}", count(class), page::finding::word(class))
    });
    Line::new(Role::Plain, format!("{need}{}{found}", header::link_words(app)))
}
