// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "near/reply.h"

#include <cstring>

#include "base/check.h"

namespace larder::near {
namespace {

using Type = RemoteReply::Type;

struct ErrorText {
  std::string_view part;
  ErrorCode code;
};
// Redis 7.0's words.
constexpr ErrorText kErrors[] = {
    {"WRONGTYPE", ErrorCode::kWrongType},
    {"OOM ", ErrorCode::kOutOfMemory},
    {"READONLY ", ErrorCode::kReadOnly},
    {"would overflow", ErrorCode::kOverflow},
    {"would produce NaN or Infinity", ErrorCode::kOverflow},
    {"not a valid float", ErrorCode::kNotAFloat},
    {"is not a float", ErrorCode::kNotAFloat},
    {"min or max is not", ErrorCode::kNotAFloat},
    {"not an integer", ErrorCode::kNotAnInteger},
    {"invalid expire time", ErrorCode::kInvalidExpireTime},
    {"no such key", ErrorCode::kNoSuchKey},
    {"syntax error", ErrorCode::kInvalidArgument},
    {"wrong number of arguments", ErrorCode::kInvalidArgument},
    {"out of range", ErrorCode::kOutOfRange},
};

Type type_of(const redisReply& reply) noexcept {
  switch (reply.type) {
    case REDIS_REPLY_INTEGER: return Type::kInteger;
    case REDIS_REPLY_STRING:
    case REDIS_REPLY_STATUS: return Type::kText;
    case REDIS_REPLY_ARRAY: return Type::kList;
    case REDIS_REPLY_ERROR: return Type::kError;
    default: return Type::kNothing;
  }
}

void append_number(std::int64_t number, std::string& bytes) {
  char raw[sizeof number];
  std::memcpy(raw, &number, sizeof number);
  bytes.append(raw, sizeof raw);
}

// What append_bytes wrote, and nothing else: it was in this process all the time.
class Parser {
 public:
  explicit Parser(std::string_view bytes) : bytes_(bytes) {}

  RemoteReply parse() {
    RemoteReply reply;
    reply.type = static_cast<Type>(take(1)[0]);
    if (reply.type == Type::kNothing) return reply;
    const std::int64_t number = take_number();
    if (reply.type == Type::kInteger) {
      reply.integer = number;
    } else if (reply.type == Type::kList) {
      reply.list.reserve(static_cast<std::size_t>(number));
      for (std::int64_t i = 0; i < number; ++i) reply.list.push_back(parse());
    } else {
      reply.text = take(static_cast<std::size_t>(number));
    }
    return reply;
  }

 private:
  std::string_view take(std::size_t size) {
    LARDER_CHECK(size <= bytes_.size(), "a reply that was kept is cut off");
    const std::string_view taken = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return taken;
  }
  std::int64_t take_number() {
    std::int64_t number = 0;
    std::memcpy(&number, take(sizeof number).data(), sizeof number);
    return number;
  }

  std::string_view bytes_;
};

}  // namespace

RemoteReply reply_of(const redisReply& reply) {
  RemoteReply made;
  made.type = type_of(reply);
  if (made.type == Type::kInteger) made.integer = reply.integer;
  if (made.type == Type::kText || made.type == Type::kError) made.text = stores::redis::view_of(reply);
  if (made.type != Type::kList) return made;
  made.list.reserve(reply.elements);
  for (std::size_t i = 0; i < reply.elements; ++i) made.list.push_back(reply_of(*reply.element[i]));
  return made;
}

void append_bytes(const redisReply& reply, std::string& bytes) {
  const Type type = type_of(reply);
  bytes.push_back(static_cast<char>(type));
  if (type == Type::kNothing) return;
  if (type == Type::kInteger) return append_number(reply.integer, bytes);
  if (type == Type::kList) {
    append_number(static_cast<std::int64_t>(reply.elements), bytes);
    for (std::size_t i = 0; i < reply.elements; ++i) append_bytes(*reply.element[i], bytes);
    return;
  }
  const std::string_view text = stores::redis::view_of(reply);
  append_number(static_cast<std::int64_t>(text.size()), bytes);
  bytes += text;
}

RemoteReply reply_from(std::string_view bytes) { return Parser(bytes).parse(); }

Status status_of_error(std::string_view text) {
  for (const ErrorText& error : kErrors) {
    if (text.find(error.part) != std::string_view::npos) return {error.code, text};
  }
  return {ErrorCode::kServerError, text};
}

}  // namespace larder::near
