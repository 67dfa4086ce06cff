// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A reference to something callable: two pointers, never owns, never allocates. The callable must outlive the call
// it is handed to. (std::function_ref is C++26.) Where a Status is to be answered, the callable may as well return what
// has one, a Result or a Lookup.
#pragma once

#include <type_traits>
#include <utility>

namespace larder {

template <typename Signature>
class FunctionRef;

template <typename R, typename... Args>
class FunctionRef<R(Args...)> {
 public:
  // clang-format off
  template <typename F>
    requires(!std::is_same_v<std::remove_cvref_t<F>, FunctionRef> &&
             (std::is_invocable_r_v<R, F&, Args...> ||
              requires(F& f, Args... args) { R(f(std::forward<Args>(args)...).status()); }))
  FunctionRef(F&& f) noexcept : object_(address_of(f)), call_([](void* object, Args... args) -> R {
    auto& function = *target<std::remove_reference_t<F>>(object);
    if constexpr (std::is_invocable_r_v<R, F&, Args...>) {
      return static_cast<R>(function(std::forward<Args>(args)...));
    } else {
      return function(std::forward<Args>(args)...).status();
    }
  }) {}

  R operator()(Args... args) const { return call_(object_, std::forward<Args>(args)...); }

 private:
  template <typename F>
  static void* address_of(F& f) noexcept {
    if constexpr (std::is_function_v<F>) {
      return reinterpret_cast<void*>(&f);
    } else {
      return const_cast<void*>(static_cast<const volatile void*>(&f));
    }
  }
  template <typename F>
  static F* target(void* object) noexcept {
    if constexpr (std::is_function_v<F>) {
      return reinterpret_cast<F*>(object);
    } else {
      return static_cast<F*>(object);
    }
  }

  void* object_;
  R (*call_)(void*, Args...);
};

}  // namespace larder
