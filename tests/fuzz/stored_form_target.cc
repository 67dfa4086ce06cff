// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "fuzz/stored_form_target.h"

#include <string_view>

#include "collections/stored_form.h"

namespace larder::fuzz {
namespace {

constexpr std::int64_t kMemory = 1 << 30;

// What they are, in the bytes of its own; or why they are none.
template <typename DraftType>
std::string form_of(std::string_view bytes, memory::Account& account, std::uint64_t seed, Status* status) {
  const base::KeyHash hash(seed);
  collections::PageMemory memory(account, kMemory);
  std::string form;
  {
    DraftType draft({memory, hash, {.entries = static_cast<std::uint32_t>(seed), .item_bytes = 16}});
    *status = collections::read_stored_form(bytes, draft);
    if (draft.refused()) *status = Status(ErrorCode::kOutOfMemory, "refused");
    if (status->ok()) form = collections::stored_form(draft.view());
    if (draft.large() != nullptr) draft.large()->discard(memory);
  }
  account.bytes().give_back(memory.take_left());
  return form;
}

template <typename DraftType>
std::string run(std::string_view bytes) {
  auto* account = new memory::Account(Allocator::standard(), memory::Limit::kUnbounded);
  account->bytes().lease(3 * kMemory);
  Status status, again;
  const std::string form = form_of<DraftType>(bytes, *account, 1, &status);
  const std::string same = form_of<DraftType>(form, *account, 200, &again);
  const std::string other = form_of<DraftType>(bytes, *account, 200, &again);
  const std::int64_t used = account->bytes().used();
  account->release();
  if (status.ok() != again.ok() || form != other) return "with another hash they are something else";
  if (status.ok() && form != same) return "what they are is not read as the same";
  if (!status.ok() && status.code() != ErrorCode::kStoreMalformed) return status.to_string();
  if (used != 0) return std::to_string(used) + " bytes were not given back";
  return {};
}

}  // namespace

std::string run_stored_form(std::span<const std::uint8_t> bytes) {
  if (bytes.empty()) return {};
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()) + 1, bytes.size() - 1);
  switch (bytes[0] % 4) {
    case 0: return run<collections::HashDraft>(text);
    case 1: return run<collections::ListDraft>(text);
    case 2: return run<collections::SetDraft>(text);
    default: return run<collections::SortedSetDraft>(text);
  }
}

}  // namespace larder::fuzz
