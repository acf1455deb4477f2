#pragma once

#include <string>
#include <string_view>

namespace holdfast::api {

/// Text content of XML 1.0: the five special characters and CR as references; what XML 1.0 cannot carry
/// (controls, broken UTF-8, U+FFFE, U+FFFF) becomes U+FFFD, so that one odd name never makes a whole answer
/// unreadable.
std::string xml_escaped(std::string_view text);

/// Writes one XML document, element by element. Names are ours and not escaped.
class XmlWriter {
 public:
  XmlWriter() : out_("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n") {}

  XmlWriter& open(std::string_view name, std::string_view attributes = {});
  XmlWriter& close(std::string_view name);
  XmlWriter& element(std::string_view name, std::string_view text);
  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

}  // namespace holdfast::api
