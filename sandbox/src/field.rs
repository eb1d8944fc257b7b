//! The fields of a resource, each said once: the element that shows it, the filters that compare
//! with it, and its value. Answers and filters are made of them.

use crate::context::Context;
use crate::wire::xml::Xml;
use crate::world::{Region, Tags};
use ipnet::{Ipv4Net, Ipv6Net};
use std::fmt::Display;
use std::ops::Deref;

/// A resource that is described. What it has itself is reached through it.
pub(crate) struct View<'a, T> {
    pub(crate) context: &'a Context<'a>,
    pub(crate) id: &'a str,
    pub(crate) one: &'a T,
}

impl<T> Deref for View<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.one
    }
}

impl<'a, T> View<'a, T> {
    pub(crate) fn account(&self) -> &'a str {
        &self.context.world.account_id
    }

    pub(crate) fn here(&self) -> &'a Region {
        self.context.here()
    }
}

pub(crate) struct Field<T> {
    /// `None` for what only filters know; empty for what writes elements of its own.
    pub(crate) element: Option<&'static str>,
    pub(crate) filters: &'static [&'static str],
    pub(crate) show: fn(&View<'_, T>, &mut Out<'_>),
}

pub(crate) enum Out<'a> {
    Element(&'static str, &'a mut Xml),
    Filter(&'a mut Vec<String>),
}

impl Out<'_> {
    fn put(&mut self, value: impl Display) {
        match self {
            Self::Element(name, xml) => {
                xml.text(name, value);
            }
            Self::Filter(values) => values.push(value.to_string()),
        }
    }
}

/// What a field may have as its value. `None` is no element, and nothing to compare with.
pub(crate) trait Value {
    fn show(self, out: &mut Out<'_>);
}

macro_rules! plain {
    ($($kind:ty),*) => {
        $(impl Value for $kind {
            fn show(self, out: &mut Out<'_>) {
                out.put(self);
            }
        })*
    };
}

plain!(&str, &String, String, bool, i64, u64, u32, u8, usize);
plain!(Ipv4Net, Ipv6Net, std::fmt::Arguments<'_>);

impl<V: Value> Value for Option<V> {
    fn show(self, out: &mut Out<'_>) {
        if let Some(value) = self {
            value.show(out);
        }
    }
}

/// Several values, for filters.
pub(crate) struct Each<I>(pub(crate) I);

impl<I: IntoIterator<Item: Value>> Value for Each<I> {
    fn show(self, out: &mut Out<'_>) {
        for value in self.0 {
            value.show(out);
        }
    }
}

/// What writes the inside of its element itself.
pub(crate) struct Inside<F>(F);

pub(crate) fn inside<F: FnOnce(&mut Xml)>(fill: F) -> Inside<F> {
    Inside(fill)
}

impl<F: FnOnce(&mut Xml)> Value for Inside<F> {
    fn show(self, out: &mut Out<'_>) {
        if let Out::Element(name, xml) = out {
            match *name {
                "" => (self.0)(xml),
                name => {
                    xml.node(name, self.0);
                }
            }
        }
    }
}

/// One element of that name for each of what is given.
pub(crate) fn items<'x, V: Display>(
    item: &'static str,
    all: impl IntoIterator<Item = V> + 'x,
) -> Inside<impl FnOnce(&mut Xml) + 'x> {
    inside(move |xml| {
        for one in all {
            xml.text(item, one);
        }
    })
}

/// A table of fields of `$view`: `"element" ["filter" "other-filter"] value;`, without an element
/// for what only filters know.
macro_rules! fields {
    (@) => { None };
    (@ $element:literal) => { Some($element) };
    ($view:ident: $($($element:literal)? [$($filter:literal)*] $value:expr;)*) => {
        &[$($crate::field::Field {
            element: $crate::field::fields!(@ $($element)?),
            filters: &[$($filter),*],
            show: |$view, out| {
                let _ = $view;
                $crate::field::Value::show($value, out);
            },
        }),*]
    };
}

pub(crate) use fields;

pub(crate) fn write<T>(fields: &[Field<T>], view: &View<'_, T>, xml: &mut Xml) {
    for field in fields {
        if let Some(name) = field.element {
            (field.show)(view, &mut Out::Element(name, xml));
        }
    }
}

/// What a filter compares with in a resource.
pub(crate) fn values<T>(fields: &[Field<T>], view: &View<'_, T>, filter: &str) -> Vec<String> {
    let mut values = Vec::new();
    for field in fields.iter().filter(|one| one.filters.contains(&filter)) {
        (field.show)(view, &mut Out::Filter(&mut values));
    }
    values
}

pub(crate) fn knows<T>(fields: &[Field<T>], filter: &str) -> bool {
    fields.iter().any(|one| one.filters.contains(&filter))
}

/// One element for each tag, in the words of the service.
pub(crate) fn tag_list(xml: &mut Xml, [list, item, key, value]: [&str; 4], tags: &Tags) {
    xml.list(list, item, tags, |xml, (name, text)| {
        xml.text(key, name).text(value, text);
    });
}
