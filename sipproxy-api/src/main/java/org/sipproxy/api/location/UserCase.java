package org.sipproxy.api.location;

/**
 * Rule for upper and lower case in user parts. The same rule applies to subscribers, digest identities and
 * addresses-of-record, so that two users who can both authenticate never share one set of bindings.
 *
 * <p>Only ASCII letters have a case here: {@code Alice} is {@code alice}, but {@code É} is not {@code é}, and the
 * Kelvin sign is not {@code k}. This is the rule of Kamailio, with which rows may be shared. It does not depend on a
 * locale or a Unicode version.
 */
public enum UserCase {

    /** ASCII letters are compared without case, as in Kamailio. The default. */
    INSENSITIVE,

    /** Users that differ in case are different users (RFC 3261 §19.1.4). */
    SENSITIVE;

    /** Returns the rule for a flag, such as that of a registrar's policy. */
    public static UserCase of(boolean sensitive) {
        return sensitive ? SENSITIVE : INSENSITIVE;
    }

    /**
     * Returns the canonical form of a user part, which all its spellings share. Returns {@code user} itself if it is
     * canonical already.
     */
    public String canonical(String user) {
        return this == SENSITIVE || !hasUpperCase(user) ? user : lowerCase(user);
    }

    /** Returns true if both names are those of the same user. */
    public boolean isSame(String one, String other) {
        return one.equals(other) || (this == INSENSITIVE && equalsIgnoringAsciiCase(one, other));
    }

    private static boolean hasUpperCase(String user) {
        for (int i = 0; i < user.length(); i++) {
            if (isUpperCase(user.charAt(i))) {
                return true;
            }
        }
        return false;
    }

    private static String lowerCase(String user) {
        char[] chars = user.toCharArray();
        for (int i = 0; i < chars.length; i++) {
            chars[i] = lowerCase(chars[i]);
        }
        return new String(chars);
    }

    private static boolean equalsIgnoringAsciiCase(String one, String other) {
        if (one.length() != other.length()) {
            return false;
        }
        for (int i = 0; i < one.length(); i++) {
            if (lowerCase(one.charAt(i)) != lowerCase(other.charAt(i))) {
                return false;
            }
        }
        return true;
    }

    private static boolean isUpperCase(char c) {
        return c >= 'A' && c <= 'Z';
    }

    private static char lowerCase(char c) {
        return isUpperCase(c) ? (char) (c + ('a' - 'A')) : c;
    }
}
