//! JSON read strictly: no key twice, no NUL in any text, with a pointer to what is wrong.

use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value as Json};

use super::error::{EventError, segment};
use crate::ident::quoted;

/// Longest key, in bytes; the longest that means anything has 16.
const MAX_KEY_BYTES: usize = 200;

/// Reads one JSON document.
pub(super) fn strict(bytes: &[u8]) -> Result<Json, EventError> {
    let trouble = RefCell::new(None);
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let seed = Strict { above: None, step: Step::Root, trouble: &trouble };
    let read = seed.deserialize(&mut reader).and_then(|json| reader.end().map(|()| json));
    read.map_err(|error| {
        trouble.take().unwrap_or_else(|| EventError::at("", format!("not valid JSON: {error}")))
    })
}

/// A place in the document. The pointer is written only if something is wrong there.
#[derive(Clone, Copy)]
struct Strict<'a> {
    above: Option<&'a Strict<'a>>,
    step: Step<'a>,
    trouble: &'a RefCell<Option<EventError>>,
}

/// The way from one place to the next.
#[derive(Clone, Copy)]
enum Step<'a> {
    Root,
    Key(&'a str),
    Item(usize),
}

impl Strict<'_> {
    fn inside<'b>(&'b self, step: Step<'b>) -> Strict<'b> {
        Strict { above: Some(self), step, trouble: self.trouble }
    }

    fn pointer(&self) -> String {
        let above = self.above.map(Strict::pointer).unwrap_or_default();
        match self.step {
            Step::Root => above,
            Step::Key(key) => format!("{above}/{}", segment(key)),
            Step::Item(index) => format!("{above}/{index}"),
        }
    }

    fn refuse<E: serde::de::Error>(&self, message: String) -> E {
        self.trouble.replace(Some(EventError::at(&self.pointer(), message)));
        E::custom("refused")
    }

    fn key<E: serde::de::Error>(&self, key: &str, known: bool) -> Result<(), E> {
        if key.len() > MAX_KEY_BYTES {
            let start: String = key.chars().take(20).collect();
            let start = quoted(&start);
            return Err(self.refuse(format!(
                "a key begins with {start} and has {} bytes; no key is that long",
                key.len()
            )));
        }
        let inside = self.inside(Step::Key(key));
        match known {
            true => Err(inside.refuse(format!("the key {} is given twice; keep one", quoted(key)))),
            false => inside.text(key),
        }
    }

    fn text<E: serde::de::Error>(&self, text: &str) -> Result<(), E> {
        match text.contains('\0') {
            true => Err(self
                .refuse("the text has a NUL character, which no database text can hold; remove it".into())),
            false => Ok(()),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, b: bool) -> Result<Json, E> {
        Ok(Json::from(b))
    }

    fn visit_i64<E>(self, i: i64) -> Result<Json, E> {
        Ok(Json::from(i))
    }

    fn visit_u64<E>(self, u: u64) -> Result<Json, E> {
        Ok(Json::from(u))
    }

    fn visit_f64<E>(self, x: f64) -> Result<Json, E> {
        Ok(Json::from(x))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Json, E> {
        self.text(text)?;
        Ok(Json::from(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self.inside(Step::Item(list.len())))? {
            list.push(item);
        }
        Ok(Json::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Json, A::Error> {
        let mut map = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            self.key::<A::Error>(&key, map.contains_key(&key))?;
            let value = entries.next_value_seed(self.inside(Step::Key(&key))).map_err(A::Error::custom)?;
            map.insert(key, value);
        }
        Ok(Json::Object(map))
    }
}
