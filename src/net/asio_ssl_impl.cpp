// The one copy of Asio's TLS code (BOOST_ASIO_SEPARATE_COMPILATION, docs/adr/0002-build-time.md).
#include <boost/asio/ssl/impl/src.hpp>
