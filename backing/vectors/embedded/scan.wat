;; How like rows are to a question. Node runs scan.wasm, which wat2wasm (of the npm package wabt) makes of this text.
(module
  (import "arena" "memory" (memory 1))

  ;; Scores $count rows and writes the number (i32) and score (f32) of each that scores at least $least from $hits on;
  ;; gives how many. A row is $width bytes from -127 to 127, a question $width components of 16 bits, and $norms one f32
  ;; a row, its share of the score. $width is a multiple of 32.
  (func (export "scan")
    (param $rows i32) (param $norms i32) (param $count i32) (param $width i32)
    (param $question i32) (param $least f32) (param $hits i32) (result i32)
    (local $row i32) (local $at i32) (local $end i32) (local $asked i32) (local $hit i32)
    (local $score f32) (local $even v128) (local $odd v128)
    (local.set $hit (local.get $hits))
    (local.set $at (local.get $rows))
    (block $done
      (br_if $done (i32.eqz (local.get $count)))
      (loop $each_row
        (local.set $asked (local.get $question))
        (local.set $end (i32.add (local.get $at) (local.get $width)))
        (local.set $even (v128.const i32x4 0 0 0 0))
        (local.set $odd (v128.const i32x4 0 0 0 0))
        (loop $each_32
          (local.set $even (i32x4.add (local.get $even)
            (i32x4.dot_i16x8_s (v128.load8x8_s (local.get $at)) (v128.load (local.get $asked)))))
          (local.set $odd (i32x4.add (local.get $odd)
            (i32x4.dot_i16x8_s (v128.load8x8_s offset=8 (local.get $at)) (v128.load offset=16 (local.get $asked)))))
          (local.set $even (i32x4.add (local.get $even)
            (i32x4.dot_i16x8_s (v128.load8x8_s offset=16 (local.get $at)) (v128.load offset=32 (local.get $asked)))))
          (local.set $odd (i32x4.add (local.get $odd)
            (i32x4.dot_i16x8_s (v128.load8x8_s offset=24 (local.get $at)) (v128.load offset=48 (local.get $asked)))))
          (local.set $asked (i32.add (local.get $asked) (i32.const 64)))
          (br_if $each_32 (i32.lt_u
            (local.tee $at (i32.add (local.get $at) (i32.const 32)))
            (local.get $end))))
        (local.set $even (i32x4.add (local.get $even) (local.get $odd)))
        (local.set $score (f32.mul
          (f32.load (local.get $norms))
          (f32.convert_i32_s (i32.add
            (i32.add (i32x4.extract_lane 0 (local.get $even)) (i32x4.extract_lane 1 (local.get $even)))
            (i32.add (i32x4.extract_lane 2 (local.get $even)) (i32x4.extract_lane 3 (local.get $even)))))))
        (if (f32.ge (local.get $score) (local.get $least))
          (then
            (i32.store (local.get $hit) (local.get $row))
            (f32.store offset=4 (local.get $hit) (local.get $score))
            (local.set $hit (i32.add (local.get $hit) (i32.const 8)))))
        (local.set $norms (i32.add (local.get $norms) (i32.const 4)))
        (br_if $each_row (i32.lt_u
          (local.tee $row (i32.add (local.get $row) (i32.const 1)))
          (local.get $count)))))
    (i32.shr_u (i32.sub (local.get $hit) (local.get $hits)) (i32.const 3)))

  ;; Writes to $cosines, as four f64, the cosines of four questions of length 1 with a row that $bytes and $rest, of a
  ;; 254th of a step, stand for; 0 where it is all zero. The questions are f64, component by component, and each sum is
  ;; taken in that order, in f64: so there is no other result. $width, of the row, is a multiple of 2 above 0.
  (func (export "cosines")
    (param $bytes i32) (param $rest i32) (param $width i32) (param $questions i32) (param $cosines i32)
    (local $end i32) (local $two v128) (local $one v128)
    (local $ab v128) (local $cd v128) (local $squares v128) (local $length v128)
    (local.set $end (i32.add (local.get $bytes) (local.get $width)))
    (loop $each_2
      (local.set $two (f64x2.add
        (f64x2.convert_low_i32x4_s (i32x4.extend_low_i16x8_s (i16x8.extend_low_i8x16_s
          (v128.load16_splat (local.get $bytes)))))
        (f64x2.div
          (f64x2.convert_low_i32x4_s (i32x4.extend_low_i16x8_s (i16x8.extend_low_i8x16_s
            (v128.load16_splat (local.get $rest)))))
          (v128.const f64x2 254 254))))
      (local.set $one (i8x16.shuffle 0 1 2 3 4 5 6 7 0 1 2 3 4 5 6 7 (local.get $two) (local.get $two)))
      (local.set $ab (f64x2.add (local.get $ab)
        (f64x2.mul (local.get $one) (v128.load (local.get $questions)))))
      (local.set $cd (f64x2.add (local.get $cd)
        (f64x2.mul (local.get $one) (v128.load offset=16 (local.get $questions)))))
      (local.set $squares (f64x2.add (local.get $squares) (f64x2.mul (local.get $one) (local.get $one))))
      (local.set $one
        (i8x16.shuffle 8 9 10 11 12 13 14 15 8 9 10 11 12 13 14 15 (local.get $two) (local.get $two)))
      (local.set $ab (f64x2.add (local.get $ab)
        (f64x2.mul (local.get $one) (v128.load offset=32 (local.get $questions)))))
      (local.set $cd (f64x2.add (local.get $cd)
        (f64x2.mul (local.get $one) (v128.load offset=48 (local.get $questions)))))
      (local.set $squares (f64x2.add (local.get $squares) (f64x2.mul (local.get $one) (local.get $one))))
      (local.set $rest (i32.add (local.get $rest) (i32.const 2)))
      (local.set $questions (i32.add (local.get $questions) (i32.const 64)))
      (br_if $each_2 (i32.lt_u
        (local.tee $bytes (i32.add (local.get $bytes) (i32.const 2)))
        (local.get $end))))
    (local.set $length (f64x2.sqrt (v128.bitselect
      (local.get $squares)
      (v128.const f64x2 inf inf)
      (f64x2.gt (local.get $squares) (v128.const f64x2 0 0)))))
    (v128.store (local.get $cosines) (f64x2.div (local.get $ab) (local.get $length)))
    (v128.store offset=16 (local.get $cosines) (f64x2.div (local.get $cd) (local.get $length)))))
