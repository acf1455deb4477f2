#include "xml_writer.h"

#include <algorithm>

#include "holdfast/base/text.h"

namespace holdfast::api {
namespace {

constexpr std::string_view xml_replacement = "\xef\xbf\xbd";

// Bytes of the UTF-8 sequence that begins here; 1 for what is no good beginning.
std::size_t sequence_size(unsigned char first) {
  if (first >= 0xf0) return 4;
  if (first >= 0xe0) return 3;
  return first >= 0xc0 ? 2 : 1;
}

bool is_noncharacter(std::string_view sequence) {
  return sequence == "\xef\xbf\xbe" || sequence == "\xef\xbf\xbf";
}

std::string_view xml_reference(char c) {
  switch (c) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '"':
      return "&quot;";
    case '\'':
      return "&apos;";
    case '\r':
      return "&#13;";
    default:
      return {};
  }
}

bool is_xml_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r';
}

}  // namespace

std::string xml_escaped(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const auto sequence = text.substr(0, sequence_size(static_cast<unsigned char>(text.front())));
    if (const auto reference = xml_reference(text.front()); !reference.empty()) {
      out += reference;
      text.remove_prefix(1);
    } else if (!is_utf8(sequence) || is_noncharacter(sequence) || is_xml_control(text.front())) {
      out += xml_replacement;
      text.remove_prefix(is_noncharacter(sequence) ? sequence.size() : 1);
    } else {
      out += sequence;
      text.remove_prefix(sequence.size());
    }
  }
  return out;
}

XmlWriter& XmlWriter::open(std::string_view name, std::string_view attributes) {
  out_.append("<").append(name);
  if (!attributes.empty()) out_.append(" ").append(attributes);
  out_.append(">");
  return *this;
}

XmlWriter& XmlWriter::close(std::string_view name) {
  out_.append("</").append(name).append(">");
  return *this;
}

XmlWriter& XmlWriter::element(std::string_view name, std::string_view text) {
  open(name);
  out_.append(xml_escaped(text));
  return close(name);
}

}  // namespace holdfast::api
