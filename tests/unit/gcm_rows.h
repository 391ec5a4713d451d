/* gcm_rows: vectors for AES-GCM, in hex. Where from: the test cases of McGrew and Viega's specification
 * as submitted to NIST, and two of NIST's CAVP vectors (gcmEncryptExtIV128). */
#ifndef UNIT_GCM_ROWS_H
#define UNIT_GCM_ROWS_H

struct gcm_row {
	const char *name, *key, *iv, *aad, *plain, *cipher, *tag;
};

#define ZERO16 "00000000000000000000000000000000"
#define KEY128 "feffe9928665731c6d6a8f9467308308"
#define KEY256 KEY128 KEY128
#define IV12 "cafebabefacedbaddecaf888"
#define IV60                                                                                       \
	"9313225df88406e555909c5aff5269aa6a7a9538534f7da1e4c303d2a318a728c3c0c95156809539fcf0e2"   \
	"429a6b525416aedbf5a0de6a57a637b39b"
#define AAD20 "feedfacedeadbeeffeedfacedeadbeefabaddad2"
#define PLAIN60                                                                                    \
	"d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e"   \
	"2449a6b525b16aedf5aa0de657ba637b39"

static const struct gcm_row gcm_row_list[] = {
	{"case 1: empty", ZERO16, "000000000000000000000000", "", "", "",
         "58e2fccefa7e3061367f1d57a4e7455a"},
	{"case 2: one block", ZERO16, "000000000000000000000000", "", ZERO16,
         "0388dace60b6a392f328c2b971b2fe78", "ab6e47d42cec13bdf53a67b21257bddf"},
	{"case 3: four blocks", KEY128, IV12, "", PLAIN60 "1aafd255",
         "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aa"
         "c"
         "84aa051ba30b396a0aac973d58e091473f5985",
         "4d5c2af327cd64a62cf35abd2ba6fab4"},
	{"case 4: with data, not whole blocks", KEY128, IV12, AAD20, PLAIN60,
         "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aa"
         "c"
         "84aa051ba30b396a0aac973d58e091",
         "5bc94fbc3221a5db94fae95ae7121a47"},
	{"case 5: nonce of 8", KEY128, "cafebabefacedbad", AAD20, PLAIN60,
         "61353b4c2806934a777ff51fa22a4755699b2a714fcdc6f83766e5f97b6c742373806900e49f24b22b097544d"
         "4"
         "896b424989b5e1ebac0f07c23f4598",
         "3612d2e79e3b0785561be14aaca2fccb"},
	{"case 6: nonce of 60", KEY128, IV60, AAD20, PLAIN60,
         "8ce24998625615b603a033aca13fb894be9112a5c3a211a8ba262a3cca7e2ca701e4a9a4fba43c90ccdcb281d"
         "4"
         "8c7c6fd62875d2aca417034c34aee5",
         "619cc5aefffe0bfa462af43c1699d050"},
	{"case 7: 192 bits", ZERO16 "0000000000000000", "000000000000000000000000", "", "", "",
         "cd33b28ac773f74ba00ed1f312572435"},
	{"case 13: 256 bits, empty", ZERO16 ZERO16, "000000000000000000000000", "", "", "",
         "530f8afbc74536b9a963b4f1c4cb738b"},
	{"case 14: one block", ZERO16 ZERO16, "000000000000000000000000", "", ZERO16,
         "cea7403d4d606b6e074ec5d3baf39d18", "d0d1c8a799996bf0265b98b5d48ab919"},
	{"case 15: four blocks", KEY256, IV12, "", PLAIN60 "1aafd255",
         "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b105"
         "6"
         "828838c5f61e6393ba7a0abcc9f662898015ad",
         "b094dac5d93471bdec1a502270e3cc6c"},
	{"case 16: with data, not whole blocks", KEY256, IV12, AAD20, PLAIN60,
         "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b105"
         "6"
         "828838c5f61e6393ba7a0abcc9f662",
         "76fc6ece0f4e1768cddf8853bb2d551b"},
	{"case 17: nonce of 8", KEY256, "cafebabefacedbad", AAD20, PLAIN60,
         "c3762df1ca787d32ae47c13bf19844cbaf1ae14d0b976afac52ff7d79bba9de0feb582d33934a4f0954cc2363"
         "b"
         "c73f7862ac430e64abe499f47c9b1f",
         "3a337dbf46a792c45e454913fe2ea8f2"},
	{"CAVP: empty", "11754cd72aec309bf52f7687212e8957", "3c819d9a9bed087615030b65", "", "", "",
         "250327c674aaf477aef2675748cf6971"},
	{"CAVP: data alone", "77be63708971c4e240d1cb79e8d77feb", "e0e00f19fed7ba0136a797f3",
         "7a43ec1d9c0a5a78a0b16533a6213cab", "", "", "209fcc8d3675ed938e9c7166709dd946"},
};
enum { GCM_ROWS = sizeof gcm_row_list / sizeof gcm_row_list[0] };

#endif
