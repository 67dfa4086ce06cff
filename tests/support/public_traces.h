// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Public traces, and what is published of them (docs/eviction.md), where they are at hand: they are not ours to ship.
// Includers are built with LARDER_SOURCE_DIR.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <optional>

namespace larder::support {

// Their folder: the one that LARDER_TRACES names, or one beside the checkout. None: neither is there, which is said.
inline std::optional<std::filesystem::path> public_traces() {
  const char* given = std::getenv("LARDER_TRACES");
  std::filesystem::path folder = given != nullptr ? given : LARDER_SOURCE_DIR "/../shared/traces";
  if (std::filesystem::exists(folder / "anchors.tsv")) return folder;
  std::cout << "not compared: no traces in " << folder << ", and LARDER_TRACES names no other folder\n";
  return std::nullopt;
}

}  // namespace larder::support
