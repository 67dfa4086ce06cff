// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "stores/redis/connection.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <cerrno>
#include <cstring>

namespace larder::stores::redis {

Result<std::unique_ptr<Connection>> Connection::open(const Options& options) {
  std::unique_ptr<Connection> made(new Connection(options));
  if (Status status = made->connect(options); !status.ok()) return status;
  if (Status status = made->sign_in(options); !status.ok()) return status;
  return made;
}

Connection::~Connection() = default;

Status Connection::connect(const Options& options) {
  const auto us = std::chrono::microseconds(options.connect_timeout).count();
  const timeval timeout{static_cast<time_t>(us / 1'000'000), static_cast<suseconds_t>(us % 1'000'000)};
  context_.reset(options.unix_path.empty() ? redisConnectWithTimeout(options.host.c_str(), options.port, timeout)
                                           : redisConnectUnixWithTimeout(options.unix_path.c_str(), timeout));
  if (context_ != nullptr && context_->err == 0) return {};
  const std::string where =
      options.unix_path.empty() ? options.host + ":" + std::to_string(options.port) : options.unix_path;
  return {ErrorCode::kStoreFailed,
          "Redis: no connection to " + where + ": " + (context_ == nullptr ? "no memory" : context_->errstr)};
}

Status Connection::sign_in(const Options& options) {
  Commands commands;
  if (!options.password.empty() && options.username.empty()) commands.add({"AUTH", options.password});
  if (!options.password.empty() && !options.username.empty()) {
    commands.add({"AUTH", options.username, options.password});
  }
  commands.add({"SELECT", std::to_string(options.database)});
  commands.add({"CLIENT", "ID"});
  commands.add({"INFO", "server"});
  const Deadline deadline(options.connect_timeout);
  send(commands, deadline);
  for (std::size_t i = 0; i < commands.count(); ++i) {
    const Reply reply = receive(deadline);
    if (reply == nullptr) return {ErrorCode::kStoreFailed, "Redis: " + error_};
    if (is_error(*reply)) return {ErrorCode::kStoreFailed, "Redis does not let us in: " + text_of(*reply)};
    if (reply->type == REDIS_REPLY_INTEGER) identity_.client = reply->integer;
    if (reply->type != REDIS_REPLY_STRING) continue;
    const std::string info = text_of(*reply);
    const std::size_t begin = info.find("run_id:");
    if (begin != std::string::npos) identity_.run_id = info.substr(begin + 7, info.find('\r', begin) - begin - 7);
  }
  if (!identity_.run_id.empty()) return {};
  return {ErrorCode::kStoreFailed, "Redis: INFO server shows no run_id: is this a Redis server?"};
}

bool Connection::usable() const {
  if (broken_ || awaited_ != 0) return false;
  pollfd socket{context_->fd, POLLIN, 0};
  return poll(&socket, 1, 0) == 0;  // nothing comes unasked but the end
}

void Connection::note_broken(std::string_view why) {
  broken_ = true;
  if (error_.empty()) error_ = why;
}

bool Connection::wait(short events, const Deadline& deadline) {
  pollfd socket{context_->fd, events, 0};
  int ready = 0;
  do {
    ready = poll(&socket, 1, deadline.left_ms());
  } while (ready < 0 && errno == EINTR);
  if (ready <= 0) note_broken("no answer within the time-out");
  return ready > 0;
}

bool Connection::send(const Commands& commands, const Deadline& deadline) {
  awaited_ += commands.count();
  for (std::string_view left = commands.bytes(); !left.empty() && !broken_;) {
    const ssize_t sent = ::send(context_->fd, left.data(), left.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent > 0) {
      left.remove_prefix(static_cast<std::size_t>(sent));
    } else if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      wait(POLLOUT, deadline);
    } else if (sent == 0 || errno != EINTR) {
      note_broken(std::string("the connection has ended: ") + std::strerror(errno));
    }
  }
  return !broken_;
}

Reply Connection::receive(const Deadline& deadline) {
  void* reply = nullptr;
  while (!broken_ && reply == nullptr) {
    bool in_step = redisGetReplyFromReader(context_.get(), &reply) == REDIS_OK;
    if (in_step && reply == nullptr && wait(POLLIN, deadline)) in_step = redisBufferRead(context_.get()) == REDIS_OK;
    if (!in_step) note_broken(context_->errstr);
  }
  if (reply != nullptr) --awaited_;
  return Reply(static_cast<redisReply*>(reply));
}

Reply Connection::call(std::initializer_list<std::string_view> words) {
  const Deadline deadline(timeout_);
  Commands commands;
  commands.add(words);
  return send(commands, deadline) ? receive(deadline) : nullptr;
}

// The server has one thread for commands: what it has not read of a client that it ends it never carries out.
bool Connection::end(const Identity& identity) {
  if (identity.run_id != identity_.run_id) return true;  // it ended with the server
  const Reply reply = call({"CLIENT", "KILL", "ID", std::to_string(identity.client)});
  return reply != nullptr && reply->type == REDIS_REPLY_INTEGER;
}

}  // namespace larder::stores::redis
