//! The formats of doc values, told apart by the header of `.dvm`.

use crate::codec::Header;
use crate::error::{Error, ErrorKind};
use crate::input::{Input, Order};

/// Formats, in the order in which their descriptions grew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Layout {
    Lucene410,
    Lucene50,
    Lucene54,
    Lucene70,
    Lucene80,
    Lucene90,
    /// Elasticsearch's own for time series and logs, 8.7 to 9.0: numbers in blocks of 128.
    Es87,
    /// Its successor.
    Es819,
}

impl Layout {
    pub(crate) fn of(header: Header<'_>, input: &Input<'_>) -> Result<Self, Error> {
        let (layout, newest) = match header.name {
            "Lucene410ValuesMetadata" => (Self::Lucene410, 0),
            "Lucene50DocValuesMetadata" => (Self::Lucene50, 0),
            "Lucene54DocValuesMetadata" => (Self::Lucene54, 0),
            "Lucene70DocValuesMetadata" => (Self::Lucene70, 0),
            "Lucene80DocValuesMetadata" => (Self::Lucene80, 2),
            "Lucene90DocValuesMetadata" => (Self::Lucene90, 0),
            "ES87TSDBDocValuesMetadata" => (Self::Es87, 0),
            "ES819TSDBDocValuesMetadata" => (Self::Es819, 0),
            other => return Err(input.error(ErrorKind::unsupported("doc values format", other))),
        };
        if !(0..=newest).contains(&header.version) {
            return Err(input.error(ErrorKind::unsupported("version of doc values", header.version)));
        }
        Ok(layout)
    }

    pub(crate) fn order(self) -> Order {
        if self >= Self::Lucene90 { Order::Little } else { Order::Big }
    }
}
