//! JSON read strictly: no key twice, no NUL in any text, with a pointer to what is wrong.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value as Json};

use super::error::{EventError, segment};
use crate::ident::quoted;

/// Reads one JSON document.
pub(super) fn strict(bytes: &[u8]) -> Result<Json, EventError> {
    let trouble = std::cell::RefCell::new(None);
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let seed = Strict { pointer: String::new(), trouble: &trouble };
    let read = seed.deserialize(&mut reader).and_then(|json| reader.end().map(|()| json));
    read.map_err(|error| {
        trouble.take().unwrap_or_else(|| EventError::at("", format!("not valid JSON: {error}")))
    })
}

struct Strict<'a> {
    pointer: String,
    trouble: &'a std::cell::RefCell<Option<EventError>>,
}

impl Strict<'_> {
    fn inside(&self, key: &str) -> Self {
        Strict { pointer: format!("{}/{}", self.pointer, segment(key)), trouble: self.trouble }
    }

    fn refuse<E: serde::de::Error>(&self, message: String) -> E {
        self.trouble.replace(Some(EventError::at(&self.pointer, message)));
        E::custom("refused")
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
        while let Some(item) = items.next_element_seed(self.inside(&list.len().to_string()))? {
            list.push(item);
        }
        Ok(Json::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Json, A::Error> {
        let mut map = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            let inside = self.inside(&key);
            inside.text::<A::Error>(&key)?;
            if map.contains_key(&key) {
                return Err(inside.refuse(format!("the key {} is given twice; keep one", quoted(&key))));
            }
            let value = entries.next_value_seed(inside).map_err(A::Error::custom)?;
            map.insert(key, value);
        }
        Ok(Json::Object(map))
    }
}
