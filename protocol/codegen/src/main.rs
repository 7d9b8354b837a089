//! Writes the generated files of the protocol crate.

use anyhow::Context as _;

fn main() -> anyhow::Result<()> {
    for (path, content) in kfleet_protocol_codegen::generate()? {
        let path = kfleet_protocol_codegen::protocol_dir().join(path);
        if let Some(dir) = path.parent() {
            std::fs::create_dir_all(dir)?;
        }
        std::fs::write(&path, content).with_context(|| format!("writing {}", path.display()))?;
    }
    Ok(())
}
