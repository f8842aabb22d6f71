/** Rules about who may send what, as they come from a database or a file. Neutral: what they allow is the reader's matter. */
@NullMarked
package org.sipproxy.api.access;

import org.jspecify.annotations.NullMarked;
