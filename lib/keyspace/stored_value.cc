// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "keyspace/stored_value.h"

#include <cstring>

#include "base/check.h"
#include "collections/stored_form.h"
#include "keyspace/free_draft.h"

namespace larder::keyspace {

std::string_view stored_bytes(EntryType type, std::string_view bytes, Outside outside, std::string* form) {
  const auto form_of = [&]<typename Type>(Type) -> std::string_view {
    return *form = collections::stored_form(view_of<Type>(bytes, outside));
  };
  switch (type) {
    case EntryType::kHash: return form_of(HashType());
    case EntryType::kList: return form_of(ListType());
    case EntryType::kSet: return form_of(SetType());
    case EntryType::kSortedSet: return form_of(SortedSetType());
    default: return outside ? outside.blob()->view() : bytes;
  }
}

Status LoadedValue::make(Keyspace& keyspace, std::uint64_t hash, memory::Account& account, EntryType type,
                         std::string_view stored) {
  switch (type) {
    case EntryType::kHash: return make_collection<HashType>(keyspace, hash, account, stored);
    case EntryType::kList: return make_collection<ListType>(keyspace, hash, account, stored);
    case EntryType::kSet: return make_collection<SetType>(keyspace, hash, account, stored);
    case EntryType::kSortedSet: return make_collection<SortedSetType>(keyspace, hash, account, stored);
    default: break;
  }
  if (stored.size() <= kInlineBytesMax) {
    bytes_ = stored;
    return {};
  }
  Result<Blob*> blob = keyspace.make_blob(hash, stored.size(), stored.size(), account);
  if (!blob) return blob.status();
  std::memcpy((*blob)->bytes(), stored.data(), stored.size());
  outside_ = Outside(*blob);
  return {};
}

template <typename Type>
Status LoadedValue::make_collection(Keyspace& keyspace, std::uint64_t hash, memory::Account& account,
                                    std::string_view stored) {
  FreeDraft<Type> made(keyspace, hash, account);
  Status status = collections::read_stored_form(stored, made.draft());
  made.finish();
  if (made.draft().refused()) return keyspace.out_of_memory();
  if (!status.ok()) return status;
  if (made.draft().large() != nullptr) {
    outside_ = Outside(made.draft().large());
    made.taken();
  } else {
    small_ = made.draft().small().bytes();
    bytes_ = small_;
  }
  return {};
}

}  // namespace larder::keyspace
