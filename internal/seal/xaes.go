package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/subtle"
)

// encryptWith sets the key that others are derived from.
func (k *Key) encryptWith(key []byte) (err error) {
	if k.block, err = aes.NewCipher(key); err != nil {
		return err
	}
	k.subkey = cmacSubkey(k.block)
	return nil
}

// gcm returns the AEAD for one nonce of XAES-256-GCM: its first half gives the
// key, by the KDF in counter mode of NIST SP 800-108r1 with CMAC, its second
// half is the nonce.
func (k *Key) gcm(nonce *[nonceBytes]byte) cipher.AEAD {
	var derived [2 * aes.BlockSize]byte
	for i := range 2 {
		block := derived[i*aes.BlockSize:][:aes.BlockSize]
		copy(block, []byte{0, byte(i + 1), 'X', 0})
		copy(block[4:], nonce[:nonceBytes/2])
		subtle.XORBytes(block, block, k.subkey[:]) // a whole block: that is all of its CMAC
		k.block.Encrypt(block, block)
	}
	c, err := aes.NewCipher(derived[:])
	if err != nil {
		panic(err) // the key has 32 bytes
	}
	gcm, err := cipher.NewGCM(c)
	if err != nil {
		panic(err) // AES has blocks of 16 bytes
	}
	return gcm
}

// cmacSubkey is K1 of CMAC (NIST SP 800-38B).
func cmacSubkey(c cipher.Block) (k [aes.BlockSize]byte) {
	c.Encrypt(k[:], k[:])
	var carry byte
	for i := len(k) - 1; i >= 0; i-- {
		k[i], carry = k[i]<<1|carry, k[i]>>7
	}
	k[len(k)-1] ^= carry * 0x87
	return k
}
