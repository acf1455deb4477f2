#pragma once

#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

namespace holdfast::async {

/// A bounded number of places, in all and for each key (an address): one key must not take them all.
/// Thread-safe; must outlive the places that it gave.
class Places {
 public:
  /// Given back when it is destroyed.
  class Place {
   public:
    Place(Places& owner, std::string key) : owner_(&owner), key_(std::move(key)) {}
    Place(Place&& other) noexcept
        : owner_(std::exchange(other.owner_, nullptr)), key_(std::move(other.key_)) {}
    Place& operator=(Place&&) = delete;
    ~Place() {
      if (owner_ != nullptr) owner_->give_back(key_);
    }

   private:
    Places* owner_;
    std::string key_;
  };

  Places(std::size_t most, std::size_t most_of_one_key) : most_(most), most_of_one_key_(most_of_one_key) {}

  /// Nothing when all are taken, or all that this key may have.
  [[nodiscard]] std::optional<Place> take(std::string key) {
    {
      const std::scoped_lock lock(mutex_);
      if (taken_ >= most_) return std::nullopt;
      auto& of_key = by_key_[key];
      if (of_key >= most_of_one_key_) return std::nullopt;
      ++of_key;
      ++taken_;
    }
    return std::optional<Place>(std::in_place, *this, std::move(key));
  }

  [[nodiscard]] std::size_t taken() const {
    const std::scoped_lock lock(mutex_);
    return taken_;
  }

 private:
  void give_back(const std::string& key) {
    const std::scoped_lock lock(mutex_);
    --taken_;
    const auto of_key = by_key_.find(key);
    if (--of_key->second == 0) by_key_.erase(of_key);
  }

  const std::size_t most_;
  const std::size_t most_of_one_key_;
  mutable std::mutex mutex_;
  std::size_t taken_ = 0;
  std::unordered_map<std::string, std::size_t> by_key_;
};

}  // namespace holdfast::async
