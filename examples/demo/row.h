// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// What a row of the demo's database holds, and how an answer shows which row, which version, and that it is whole.
//
//     payload  | stamp, 8 bytes | filling        | seal, 8 bytes: a mix of stamp and id |   of the row's size, at least 16
//     value    | version, 4 bytes | payload |                                               what the program works with
//
// Each update writes a new stamp, so two versions of a row differ at both ends.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace demo {

inline constexpr std::size_t kPayloadBytesMin = 16;

// The finaliser of SplitMix64 (Steele, Lea, Flood: "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014).
inline std::uint64_t mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

// REQUIRES: bytes >= kPayloadBytesMin.
inline void make_payload(std::uint32_t id, std::uint64_t stamp, std::size_t bytes, std::string& payload) {
  payload.assign(bytes, static_cast<char>('a' + stamp % 26));
  const std::uint64_t seal = mix(stamp ^ (std::uint64_t{id} << 32));
  std::memcpy(payload.data(), &stamp, sizeof(stamp));
  std::memcpy(payload.data() + bytes - sizeof(seal), &seal, sizeof(seal));
}

inline std::string make_value(std::uint32_t version, std::string_view payload) {
  std::string value(sizeof(version) + payload.size(), '\0');
  std::memcpy(value.data(), &version, sizeof(version));
  std::memcpy(value.data() + sizeof(version), payload.data(), payload.size());
  return value;
}

// The version of a value, if it is a whole value of that row.
inline std::optional<std::uint32_t> version_of(std::string_view value, std::uint32_t id, std::size_t payload_bytes) {
  std::uint32_t version = 0;
  std::uint64_t stamp = 0;
  std::uint64_t seal = 0;
  if (value.size() != sizeof(version) + payload_bytes || payload_bytes < kPayloadBytesMin) return std::nullopt;
  std::memcpy(&version, value.data(), sizeof(version));
  std::memcpy(&stamp, value.data() + sizeof(version), sizeof(stamp));
  std::memcpy(&seal, value.data() + value.size() - sizeof(seal), sizeof(seal));
  if (seal != mix(stamp ^ (std::uint64_t{id} << 32))) return std::nullopt;
  return version;
}

}  // namespace demo
