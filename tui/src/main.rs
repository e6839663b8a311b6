//! The command `stranded`.

fn main() -> std::process::ExitCode {
    stranded_tui::cli::main()
}
