/** Where a URI's bytes go: RFC 3263. */
@NullMarked
package org.sipproxy.core.internal.dns;

import org.jspecify.annotations.NullMarked;
