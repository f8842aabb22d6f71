/** The steps that decide about a request, in RFC order. */
@NullMarked
package org.sipproxy.core.internal.pipeline;

import org.jspecify.annotations.NullMarked;
