// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// What goes over the wire: commands as we write them, replies as hiredis parses them.
#pragma once

#include <hiredis/hiredis.h>

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace larder::stores::redis {

struct FreeReply {
  void operator()(redisReply* reply) const { freeReplyObject(reply); }
};
using Reply = std::unique_ptr<redisReply, FreeReply>;

inline bool is_error(const redisReply& reply) { return reply.type == REDIS_REPLY_ERROR; }
inline std::string_view view_of(const redisReply& reply) {
  return reply.str == nullptr ? std::string_view() : std::string_view(reply.str, reply.len);
}
inline std::string text_of(const redisReply& reply) { return std::string(view_of(reply)); }

class Commands {
 public:
  void add(std::span<const std::string_view> words) {
    bytes_ += '*' + std::to_string(words.size()) + "\r\n";
    for (const std::string_view word : words) {
      bytes_ += '$' + std::to_string(word.size()) + "\r\n";
      bytes_ += word;
      bytes_ += "\r\n";
    }
    ++count_;
  }
  void add(std::initializer_list<std::string_view> words) { add(std::span(words.begin(), words.size())); }
  void append(const Commands& others) {
    bytes_ += others.bytes_;
    count_ += others.count_;
  }
  std::size_t count() const { return count_; }
  std::string_view bytes() const { return bytes_; }

 private:
  std::string bytes_;
  std::size_t count_ = 0;
};

}  // namespace larder::stores::redis
