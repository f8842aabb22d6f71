/** Certificates: the files that hold ours, and what names those of others are for (RFC 5922). */
@NullMarked
package org.sipproxy.core.internal.tls;

import org.jspecify.annotations.NullMarked;
