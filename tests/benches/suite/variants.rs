//! Components that do the same and are not the same: each has a section of its own, so that none is found by the digest of
//! another.

/// The name of the section that tells them apart.
const NAME: &[u8] = b"variant";

/// A component with a number in it.
pub fn variant(component: &[u8], number: u32) -> Vec<u8> {
    let mut bytes = component.to_vec();
    let payload = NAME.len() + 1 + size_of::<u32>();
    // A custom section: its id and size, then its name's size and name. Both sizes fit one byte.
    bytes.extend([0, payload as u8, NAME.len() as u8]);
    bytes.extend(NAME);
    bytes.extend(number.to_le_bytes());
    bytes
}
