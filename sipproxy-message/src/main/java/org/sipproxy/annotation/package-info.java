/** Annotations of the public API: {@link org.sipproxy.annotation.Beta} marks what may change in a minor version. */
@NullMarked
package org.sipproxy.annotation;

import org.jspecify.annotations.NullMarked;
