//! The codec of the service: protobuf, weighed before it is decoded.

use std::marker::PhantomData;

use prost::bytes::Buf;
use tonic::Status;
use tonic::codec::{BufferSettings, Codec, DecodeBuf, Decoder};
use tonic_prost::ProstEncoder;

use crate::weight::{self, Weigh};

/// Encodes `T`, and decodes `U` unless that would take too much memory.
pub(crate) struct WeighedCodec<T, U>(PhantomData<(T, U)>);

impl<T, U> Default for WeighedCodec<T, U> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<T, U> Codec for WeighedCodec<T, U>
where
    T: prost::Message + Send + 'static,
    U: prost::Message + Default + Weigh + Send + 'static,
{
    type Encode = T;
    type Decode = U;
    type Encoder = ProstEncoder<T>;
    type Decoder = WeighedDecoder<U>;

    fn encoder(&mut self) -> Self::Encoder {
        ProstEncoder::new(BufferSettings::default())
    }

    fn decoder(&mut self) -> Self::Decoder {
        WeighedDecoder(PhantomData)
    }
}

/// Decodes `U`.
pub(crate) struct WeighedDecoder<U>(PhantomData<U>);

impl<U: prost::Message + Default + Weigh> Decoder for WeighedDecoder<U> {
    type Item = U;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<U>, Status> {
        let message = buffer.copy_to_bytes(buffer.remaining());
        // As for a message that has too many bytes on the wire.
        weight::check::<U>(&message).map_err(|error| Status::out_of_range(error.to_string()))?;
        U::decode(message).map(Some).map_err(|error| Status::internal(error.to_string()))
    }
}
