// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A client of Redis's protocol that shows the bytes as they come: one reply, RESP2 or RESP3, at a time.
//
// Thread safety: none.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace larder::servers {

class WireClient {
 public:
  explicit WireClient(const std::string& socket_path);
  explicit WireClient(std::uint16_t port);  // of 127.0.0.1
  ~WireClient();
  WireClient(WireClient&& other) noexcept;
  WireClient(const WireClient&) = delete;
  WireClient& operator=(const WireClient&) = delete;

  bool connected() const { return socket_ >= 0; }
  // Small buffers of the kernel's, so that what is not read is soon felt at the other end.
  void take_little();
  // False: the other end has closed, or takes nothing for `kWaitSeconds`.
  bool send(std::string_view bytes);
  // As much as is taken at once; no waiting.
  std::size_t send_some(std::string_view bytes);
  // The next reply, as it came. Empty: the other end has closed, or nothing came for kWaitSeconds.
  std::string reply();
  // Whether any of the next reply has come.
  bool has_reply() const;
  // Sends a command, and waits for its reply.
  std::string call(const std::vector<std::string>& words);
  // Whether the other end closes, now or soon; what comes before that is dropped.
  bool is_closed();
  // No more bytes will come from here.
  void finish_sending();
  int descriptor() const { return socket_; }

  static constexpr int kWaitSeconds = 60;

 private:
  void connect_to(int family, const void* address, std::size_t size);
  bool receive_more();
  bool pass_line(std::string_view* line);
  bool pass_reply();

  int socket_ = -1;
  std::string received_;
  std::size_t taken_ = 0;
};

// A command as clients send it.
std::string request(const std::vector<std::string>& words);

}  // namespace larder::servers
