// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A small Redis client.
#include "differential/resp_client.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>

#include "model/answer.h"

namespace larder::differential {
namespace {

std::string header(char kind, std::size_t number) { return kind + std::to_string(number) + "\r\n"; }

Reply broken(std::string why) { return {.kind = Reply::Kind::kBroken, .text = std::move(why)}; }

}  // namespace

std::string printable(const Reply& reply) {
  switch (reply.kind) {
    case Reply::Kind::kStatus: return reply.text;
    case Reply::Kind::kError: return "(error) " + reply.text;
    case Reply::Kind::kInteger: return std::to_string(reply.integer);
    case Reply::Kind::kText: return model::printable(reply.text);
    case Reply::Kind::kNil: return "(nil)";
    case Reply::Kind::kBroken: return "(broken: " + reply.text + ")";
    case Reply::Kind::kList: break;
  }
  std::string text = "[";
  for (const Reply& item : reply.list) text += (text.size() > 1 ? ", " : "") + printable(item);
  return text + "]";
}

RespClient::RespClient(const std::string& socket_path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_path.size() >= sizeof address.sun_path) return;
  std::memcpy(address.sun_path, socket_path.data(), socket_path.size());
  socket_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket_ < 0 || connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return;
  close(socket_);
  socket_ = -1;
}

RespClient::~RespClient() {
  if (socket_ >= 0) close(socket_);
}

Reply RespClient::call(const std::vector<std::string>& words) {
  std::string request = header('*', words.size());
  for (const std::string& word : words) request += header('$', word.size()) + word + "\r\n";
  if (!send_all(request)) return broken("cannot send");
  return take_reply();
}

bool RespClient::send_all(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool RespClient::receive_more() {
  if (taken_ == received_.size()) {
    received_.clear();
    taken_ = 0;
  }
  std::array<char, 65'536> buffer;
  const ssize_t count = recv(socket_, buffer.data(), buffer.size(), 0);
  if (count <= 0) return false;
  received_.append(buffer.data(), static_cast<std::size_t>(count));
  return true;
}

bool RespClient::take_line(std::string& line) {
  std::size_t end = 0;
  while ((end = received_.find("\r\n", taken_)) == std::string::npos) {
    if (!receive_more()) return false;
  }
  line = received_.substr(taken_, end - taken_);
  taken_ = end + 2;
  return true;
}

bool RespClient::take_bytes(std::size_t count, std::string& bytes) {
  while (received_.size() - taken_ < count + 2) {
    if (!receive_more()) return false;
  }
  bytes = received_.substr(taken_, count);
  taken_ += count + 2;
  return true;
}

Reply RespClient::take_reply() {
  std::string line;
  if (!take_line(line) || line.empty()) return broken("cannot receive");
  const std::string rest = line.substr(1);
  const std::int64_t number = std::strtoll(rest.c_str(), nullptr, 10);
  switch (line[0]) {
    case '+': return {.kind = Reply::Kind::kStatus, .text = rest};
    case '-': return {.kind = Reply::Kind::kError, .text = rest};
    case ':': return {.kind = Reply::Kind::kInteger, .integer = number};
    case '$': {
      if (number < 0) return {.kind = Reply::Kind::kNil};
      Reply reply{.kind = Reply::Kind::kText};
      return take_bytes(static_cast<std::size_t>(number), reply.text) ? reply : broken("cannot receive");
    }
    case '*': {
      if (number < 0) return {.kind = Reply::Kind::kNil};
      Reply reply{.kind = Reply::Kind::kList};
      for (std::int64_t i = 0; i < number; ++i) reply.list.push_back(take_reply());
      return reply;
    }
    default: return broken("not RESP: " + line);
  }
}

}  // namespace larder::differential
