#include "holdfast/replication/blob_messages.h"

#include "holdfast/base/damaged.h"
#include "holdfast/storage/blob_store.h"
#include "message_fields.h"

namespace holdfast::replication {
namespace {

enum ListField : std::uint32_t { list_id = 1, list_missing = 2 };
enum FetchField : std::uint32_t { fetch_id = 1, fetch_chunk = 2, fetch_header = 3 };
enum DataField : std::uint32_t {
  data_id = 1,
  data_chunk = 2,
  data_last = 3,
  data_absent = 4,
  data_header = 5,
  data_sealed = 6,
};

/// An id that is no blob id never gets further than here.
Result<BlobId> checked_blob_id(BytesView text) {
  if (!storage::BlobStore::is_id(text)) {
    return damaged("not a blob id");
  }
  return BlobId(std::string(text));
}

Result<std::vector<BlobId>> blob_ids(const FieldReader& reader, std::uint32_t number) {
  std::vector<BlobId> ids;
  TRY_VOID(fields::each(reader, number, max_blobs_in_want, [&](BytesView text) -> Result<> {
    TRY(auto id, checked_blob_id(text));
    ids.push_back(std::move(id));
    return {};
  }));
  return ids;
}

void put_blob_ids(FieldWriter& writer, std::uint32_t number, const std::vector<BlobId>& ids) {
  for (const auto& id : ids) writer.text(number, id.str());
}

}  // namespace

Bytes BlobWant::encode() const {
  FieldWriter writer;
  put_blob_ids(writer, list_id, ids);
  return writer.take();
}

Result<BlobWant> BlobWant::decode(BytesView payload) {
  TRY(const auto reader, FieldReader::parse(payload));
  BlobWant want;
  TRY(want.ids, blob_ids(reader, list_id));
  return want;
}

Bytes BlobHave::encode() const {
  FieldWriter writer;
  put_blob_ids(writer, list_id, ids);
  put_blob_ids(writer, list_missing, missing);
  return writer.take();
}

Result<BlobHave> BlobHave::decode(BytesView payload) {
  TRY(const auto reader, FieldReader::parse(payload));
  BlobHave have;
  TRY(have.ids, blob_ids(reader, list_id));
  TRY(have.missing, blob_ids(reader, list_missing));
  return have;
}

Bytes BlobFetch::encode() const {
  return FieldWriter().text(fetch_id, id.str()).number(fetch_chunk, chunk).flag(fetch_header, header).take();
}

Result<BlobFetch> BlobFetch::decode(BytesView payload) {
  TRY(const auto reader, FieldReader::parse(payload));
  BlobFetch fetch;
  TRY(fetch.id, checked_blob_id(reader.text(fetch_id)));
  fetch.chunk = reader.number(fetch_chunk);
  fetch.header = reader.flag(fetch_header);
  return fetch;
}

Bytes BlobData::encode() const {
  FieldWriter writer;
  writer.text(data_id, id.str()).number(data_chunk, chunk);
  if (last) writer.flag(data_last, last);
  if (absent) writer.flag(data_absent, absent);
  if (!header.empty()) writer.text(data_header, header);
  writer.text(data_sealed, sealed);
  return writer.take();
}

Result<BlobData> BlobData::decode(BytesView payload) {
  TRY(const auto reader, FieldReader::parse(payload));
  BlobData data;
  TRY(data.id, checked_blob_id(reader.text(data_id)));
  data.chunk = reader.number(data_chunk);
  data.last = reader.flag(data_last);
  data.absent = reader.flag(data_absent);
  data.header = reader.text(data_header);
  data.sealed = reader.text(data_sealed);
  return data;
}

}  // namespace holdfast::replication
