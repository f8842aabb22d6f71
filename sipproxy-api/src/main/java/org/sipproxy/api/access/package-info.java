/**
 * Access rules as they are stored in a database or a file.
 *
 * <p>Start with {@link org.sipproxy.api.access.AccessRuleSource}, which reads
 * {@link org.sipproxy.api.access.AccessRules}: groups of addresses ({@link org.sipproxy.api.access.AddressEntry}) and
 * trusted peers ({@link org.sipproxy.api.access.TrustedEntry}). The model is that of Kamailio's tables {@code address}
 * and {@code trusted}.
 *
 * <p>Does not cover enforcement: what a group is allowed to do is decided by the component that uses the rules.
 */
@Beta
@NullMarked
package org.sipproxy.api.access;

import org.jspecify.annotations.NullMarked;
import org.sipproxy.annotation.Beta;
