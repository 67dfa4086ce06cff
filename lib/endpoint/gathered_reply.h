// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// An array or a set that is written before it is known how many items it has, and that is refused where it gets longer
// than kBytesMax: a few bytes of a request must not make the endpoint hold, or compute, any amount.
//
//     GatheredReply reply(call);
//     walk([&](std::string_view item) { return reply.bulk(item); });   // false: enough
//     reply.send_array();
//
// Thread safety: none.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

#include "endpoint/command.h"

namespace larder::endpoint {

class GatheredReply {
 public:
  static constexpr std::uint64_t kBytesMax = std::uint64_t{64} << 20;

  explicit GatheredReply(Call& call) noexcept : call_(call), writer_(written_, call.reply.resp3() ? 3 : 2) {}

  // -n: n items are to come, if any. What cannot be sent is not begun, then.
  void expect(std::int64_t count) noexcept {
    may_begin_ = count >= 0 || static_cast<std::uint64_t>(-count) <= kBytesMax / kItemBytesMin;
  }
  // False: it is too long already, and what else there is is not wanted. So are the others.
  bool bulk(std::string_view bytes) {
    if (!goes_on()) return false;
    writer_.bulk(bytes);
    ++count_;
    return check();
  }
  bool pair(std::string_view first, std::string_view second) {
    if (!goes_on()) return false;
    writer_.array(2);
    writer_.bulk(first);
    writer_.bulk(second);
    ++count_;
    return check();
  }
  bool scored(std::string_view member, double score) {
    if (!goes_on()) return false;
    const bool nested = call_.reply.resp3();
    if (nested) writer_.array(2);
    writer_.bulk(member);
    writer_.real(score);
    count_ += nested ? 1 : 2;
    return check();
  }

  // One reply: what was gathered, or an error if it is too long.
  void send_array() {
    if (!refused()) call_.reply.array(count_, std::move(written_));
  }
  void send_set() {
    if (!refused()) call_.reply.set(count_, std::move(written_));
  }

 private:
  static constexpr std::uint64_t kItemBytesMin = 6;  // an empty one

  bool goes_on() noexcept {
    too_long_ = too_long_ || !may_begin_;
    return !too_long_;
  }
  bool check() noexcept {
    too_long_ = written_.size() > kBytesMax;
    return !too_long_;
  }
  bool refused() {
    if (too_long_) call_.reply.error("ERR the reply would have more than 64 MiB");
    return too_long_;
  }

  Call& call_;
  Output written_;
  ReplyWriter writer_;
  std::uint64_t count_ = 0;
  bool may_begin_ = true;
  bool too_long_ = false;
};

}  // namespace larder::endpoint
