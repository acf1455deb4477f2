#pragma once

#include <string>
#include <vector>

#include "holdfast/base/clock.h"
#include "holdfast/base/ids.h"

namespace holdfast::apps {

/// A client-chosen or drawn UUID in lower case; unique within its app.
using CommentId = StrongId<struct CommentIdTag>;

/// A comment under a photo. Never overwritten; shown oldest first.
struct Comment {
  CommentId id{};
  std::string photo{};
  std::string user{};  ///< the author's username, from the token
  UserId author{};     ///< the author's immutable `sub`: who may delete it
  std::string message{};
  WallTime created_at{};

  bool operator==(const Comment&) const = default;
};

/// A page of comments; `next` is empty on the last one.
struct CommentPage {
  std::vector<Comment> comments{};
  std::string next{};
};

}  // namespace holdfast::apps
