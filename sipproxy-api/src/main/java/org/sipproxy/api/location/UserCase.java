package org.sipproxy.api.location;

/**
 * Whether the case of user parts counts. One rule decides for subscribers, digest identities and addresses-of-record alike, so
 * that no two users who can both prove a password share one set of bindings.
 *
 * <p>Only the ASCII letters have a case here: {@code Alice} is {@code alice}, but {@code É} is not {@code é} and the Kelvin sign
 * is not {@code k}. That is Kamailio's rule, whose rows may be shared, and it does not depend on a locale or a Unicode version.
 */
public enum UserCase {

    /** The default, as in Kamailio: ASCII letters count as their lower case. */
    INSENSITIVE,

    /** RFC 3261 §19.1.4: users that differ in case are different users. */
    SENSITIVE;

    /** Returns the rule for a flag such as that of a registrar's policy. */
    public static UserCase of(boolean sensitive) {
        return sensitive ? SENSITIVE : INSENSITIVE;
    }

    /** Returns the one spelling of the user that all its spellings share. Returns {@code user} itself if it is that already. */
    public String canonical(String user) {
        return this == SENSITIVE || !hasUpperCase(user) ? user : lowerCase(user);
    }

    /** Returns true if both names are of one user. */
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
