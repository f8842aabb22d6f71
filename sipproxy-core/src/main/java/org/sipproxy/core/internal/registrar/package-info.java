/** RFC 3261 §10.3. */
@NullMarked
package org.sipproxy.core.internal.registrar;

import org.jspecify.annotations.NullMarked;
